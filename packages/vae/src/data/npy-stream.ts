/** Images of an npy file that need not fit into memory. */
import { open } from 'node:fs/promises';
import { ArgumentError, formatShape, Generator, VarigradError } from '@varigrad/core';
import { checkOptions, checkText, checkWhole, describeValue, type OptionNames } from '@varigrad/core/checks';
import { parseHeader } from '@varigrad/nn/numpy';
import { withFileErrors } from '../files/file-error.js';
import type { Batch } from './batch.js';
import { type BatchStream, type StreamReadOptions, shuffled } from './batch-stream.js';
import type { Dataset } from './dataset.js';
import type { ImageShape } from './image-shape.js';
import { type Block, type NpyRows, readBlocks } from './npy-blocks.js';
import { layoutOf } from './numpy-dataset.js';

/** A range of images, from `from` to before `to`. Default: all. */
export interface NpyRange {
  from?: number;
  to?: number;
}

/** Options of `NpyImages.stream`. */
export interface NpyStreamOptions extends NpyRange {
  /** Images in the shuffle buffer. Default 4096. */
  bufferSize?: number;
}

const RANGE_OPTIONS: OptionNames<NpyRange> = { from: true, to: true };
const STREAM_OPTIONS: OptionNames<NpyStreamOptions> = { ...RANGE_OPTIONS, bufferSize: true };

/** Bytes of a block, about. */
const BLOCK_BYTES = 2 ** 20;

/** Enough for every header that NumPy writes for an array. */
const MOST_HEADER_BYTES = 2 ** 16;

/** The images of an npy file. Nothing but the header is in memory. */
export class NpyImages {
  readonly count: number;
  readonly imageShape: ImageShape;
  readonly #rows: NpyRows;
  readonly #labels: Uint8Array | undefined;
  readonly #classes: number;

  /** @param labels - the class of each image */
  constructor(rows: NpyRows, count: number, imageShape: ImageShape, labels: Uint8Array | undefined) {
    this.count = count;
    this.imageShape = imageShape;
    this.#rows = rows;
    this.#labels = labels;
    this.#classes = labels?.reduce((most, label) => Math.max(most, label + 1), 0) ?? 0;
  }

  /**
   * Images for training. In each epoch, blocks of about 1 MiB are read in random order, and their images are shuffled by a buffer.
   * @throws ArgumentError if the range is not inside of the file
   */
  stream(options: NpyStreamOptions = {}): BatchStream {
    checkOptions('stream', options, STREAM_OPTIONS);
    const { bufferSize = 4096 } = options;
    checkWhole('stream', 'bufferSize', bufferSize);
    const [from, to] = this.#range('stream', options);
    return {
      count: to - from,
      imageShape: this.imageShape,
      classes: this.#classes,
      read: ({ batchSize, seed }: StreamReadOptions): AsyncIterable<Batch> => {
        const generator = new Generator(seed);
        const blocks = this.#blocks(from, to);
        const order = Array.from(generator.permutation(blocks.length), (i) => blocks[i]!);
        return shuffled(this.#batches(order), { batchSize, bufferSize, generator });
      },
    };
  }

  /** Images in memory, for example for testing. @throws ArgumentError if the range is not inside of the file */
  async load(options: NpyRange = {}): Promise<Dataset> {
    checkOptions('load', options, RANGE_OPTIONS);
    const [from, to] = this.#range('load', options);
    const images = new Float32Array((to - from) * this.#rows.width);
    for await (const { first, values } of readBlocks(this.#rows, this.#blocks(from, to)))
      images.set(values, (first - from) * this.#rows.width);
    const labels = this.#labels?.slice(from, to) ?? new Uint8Array(to - from);
    return { images, labels, count: to - from, imageShape: this.imageShape, classes: this.#classes };
  }

  #range(op: string, { from = 0, to = this.count }: NpyRange): [from: number, to: number] {
    checkWhole(op, 'from', from, 0);
    checkWhole(op, 'to', to);
    if (from < to && to <= this.count) return [from, to];
    throw new ArgumentError(op, `the images ${from} to ${to} are not a part of 0 to ${this.count}`);
  }

  #blocks(from: number, to: number): { first: number; count: number }[] {
    const rows = Math.max(1, Math.floor(BLOCK_BYTES / this.#rows.width));
    return Array.from({ length: Math.ceil((to - from) / rows) }, (_, i) => {
      const first = from + i * rows;
      return { first, count: Math.min(rows, to - first) };
    });
  }

  async *#batches(blocks: readonly Pick<Block, 'first' | 'count'>[]): AsyncGenerator<Batch> {
    for await (const { first, count, values } of readBlocks(this.#rows, blocks))
      yield {
        images: values,
        labels: this.#labels?.subarray(first, first + count) ?? new Uint8Array(count),
        size: count,
      };
  }
}

/**
 * Opens the images of an npy file: `[count, height, width]`, `[count, channels, height, width]`, or square ones `[count, pixels]`, of bytes, or
 * of float32 numbers from 0 to 1 in little-endian order.
 * @param options - `labels`: the class of each image
 * @throws VarigradError with the path if the file is not such an array, or has another length than its header says
 */
export async function openNpy(path: string, options: { labels?: Uint8Array } = {}): Promise<NpyImages> {
  checkText('openNpy', 'path', path);
  checkOptions('openNpy', options, { labels: true }, 'path, ');
  const fault = (reason: string): VarigradError => new VarigradError(path, reason);
  const { head, length } = await withFileErrors('openNpy', path, () => readHead(path));
  const { dtype, little, fortran, shape, start } = parseHeader(head, path);
  const [count, imageShape, isChannelLast] = layoutOf(shape, fault);
  const isTurned = isChannelLast && imageShape.length === 3; // one channel has the same order in both layouts
  if ((dtype !== 'uint8' && !(dtype === 'float32' && little)) || fortran || isTurned) {
    const turned = isTurned ? 'images.transpose(0, 3, 1, 2)' : 'images';
    const type = /^u?int/.test(dtype) ? 'uint8' : 'float32';
    throw fault(
      `expected uint8 or little-endian float32 in C order, with channels before rows, found ${dtype} ${formatShape(shape)} — convert it with np.ascontiguousarray(${turned}.astype(np.${type}))`,
    );
  }
  const width = shape.slice(1).reduce((a, b) => a * b, 1);
  const expected = start + count * width * (dtype === 'uint8' ? 1 : 4);
  if (length !== expected)
    throw fault(`${formatShape(shape)} of ${dtype} needs ${expected} bytes, the file has ${length}`);
  const { labels } = options;
  if (labels !== undefined && !(labels instanceof Uint8Array))
    throw new ArgumentError('openNpy', `labels must be a Uint8Array, found ${describeValue(labels)}`);
  if (labels !== undefined && labels.length !== count)
    throw fault(`${labels.length} labels for ${count} images`);
  return new NpyImages({ path, start, width, dtype }, count, imageShape, labels);
}

async function readHead(path: string): Promise<{ head: Uint8Array; length: number }> {
  const file = await open(path);
  try {
    const head = new Uint8Array(MOST_HEADER_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return { head: head.subarray(0, bytesRead), length: (await file.stat()).size };
  } finally {
    await file.close();
  }
}
