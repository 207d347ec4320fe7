/**
 * The records of an event file of TensorBoard. A record is the length of its data, a checksum of the length, the data, and a checksum of
 * the data; the data are an `Event` message. The numbers of the fields are those of these files:
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/summary.proto
 */
import { ProtobufMessage } from '@varigrad/core/export';
import { maskedCrc32c } from './crc32c.js';

/** A point of a curve, a picture or a histogram; the payload of an event. */
export type Summary = ProtobufMessage;

const message = (): ProtobufMessage => new ProtobufMessage();

/** A record of one event. */
function record(event: ProtobufMessage): Uint8Array {
  const data = event.encode();
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(data.length), true);
  const head = new Uint8Array(length.buffer);
  return Buffer.concat([head, checksum(head), data, checksum(data)]);
}

function checksum(data: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, maskedCrc32c(data), true);
  return new Uint8Array(view.buffer);
}

/** The first record of a file. @param seconds - since 1970 */
export function versionRecord(seconds: number): Uint8Array {
  return record(message().double(1, seconds).text(3, 'brain.Event:2'));
}

/** The status START of a session. */
const START = 1;

/** Says that a run goes on at a step: readers drop what earlier files have from this step on. */
export function restartRecord(seconds: number, step: number): Uint8Array {
  return record(message().double(1, seconds).int(2, step).message(7, message().int(1, START)));
}

export function summaryRecord(seconds: number, step: number, summary: Summary): Uint8Array {
  return record(message().double(1, seconds).int(2, step).message(5, message().message(1, summary)));
}

export function scalar(tag: string, value: number): Summary {
  return message().text(1, tag).float(2, value);
}

const RGB = 3;

/** @param png - the bytes of a PNG file */
export function image(tag: string, png: Uint8Array, height: number, width: number): Summary {
  const picture = message().int(1, height).int(2, width).int(3, RGB).bytes(4, png);
  return message().text(1, tag).message(4, picture);
}

/** The positive limits of TensorFlow's buckets: from 1e-12 up in steps of 10%, to 1e20. */
const LIMITS: readonly number[] = (() => {
  const limits: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) limits.push(limit);
  return [...limits.toReversed().map((limit) => -limit), 0, ...limits, Number.MAX_VALUE];
})();

/** A histogram of finite values. A value on a limit counts in the bucket above. */
export function histogram(tag: string, values: ArrayLike<number>): Summary {
  const counts = LIMITS.map(() => 0);
  let [least, most, sum, squares] = [Number.MAX_VALUE, -Number.MAX_VALUE, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    counts[bucketOf(value)]!++;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
    squares += value * value;
  }
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
  const end = counts.findLastIndex((count) => count > 0) + 1;
  const counted = message()
    .double(1, least)
    .double(2, most)
    .double(3, values.length)
    .double(4, sum)
    .double(5, squares)
    .doubles(6, LIMITS.slice(first, end))
    .doubles(7, counts.slice(first, end));
  return message().text(1, tag).message(5, counted);
}

/** The index of the first limit above a value. */
function bucketOf(value: number): number {
  let [low, high] = [0, LIMITS.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < LIMITS[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
