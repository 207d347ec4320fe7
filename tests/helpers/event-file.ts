/** A reader of TensorBoard's event files, written from the format and independent of the library's writer. */
import * as assert from 'uvu/assert';

/** CRC-32C bit by bit: division by x³² + … + 1, the polynomial 0x1EDC6F41 with its bits reversed. */
export function crc32cOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) {
      const odd = ((crc ^ (byte >> bit)) & 1) !== 0;
      crc = odd ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum that a masked one stands for. */
function unmasked(stored: number): number {
  const rotated = (stored - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** The data of each record. @throws unless every length and checksum is right, and the file ends after a record */
export function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    assert.is(
      unmasked(file.readUInt32LE(at + 8)),
      crc32cOf(file.subarray(at, at + 8)),
      'checksum of the length',
    );
    assert.is(unmasked(file.readUInt32LE(at + 12 + length)), crc32cOf(data), 'checksum of the data');
    records.push(data);
    at += 16 + length;
  }
  return records;
}

type Field = { readonly kind: number; readonly number: number; readonly bytes: Buffer };

/** The fields of a protocol buffer, by number. */
export function fieldsOf(message: Buffer): Map<number, Field> {
  const fields = new Map<number, Field>();
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) fields.set(tag >> 3, { kind, number: varint(), bytes: Buffer.alloc(0) });
    else {
      const length = kind === 1 ? 8 : kind === 5 ? 4 : varint();
      const bytes = message.subarray(at, at + length);
      const number = kind === 1 ? bytes.readDoubleLE() : kind === 5 ? bytes.readFloatLE() : Number.NaN;
      fields.set(tag >> 3, { kind, number, bytes });
      at += length;
    }
  }
  assert.is(at, message.length, 'the message ends after a field');
  return fields;
}

export interface Event {
  readonly seconds: number;
  readonly step: number;
  readonly version?: string;
  /** The status of a session log. */
  readonly session?: number;
  readonly tag?: string;
  readonly scalar?: number;
  readonly image?: { readonly height: number; readonly width: number; readonly png: Buffer };
  readonly histogram?: {
    readonly least: number;
    readonly most: number;
    readonly count: number;
    readonly sum: number;
    readonly squares: number;
    readonly limits: number[];
    readonly counts: number[];
  };
}

const doublesOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));

/** The events of a file. */
export function eventsOf(file: Buffer): Event[] {
  return recordsOf(file).map((data): Event => {
    const event = fieldsOf(data);
    const common = { seconds: event.get(1)!.number, step: event.get(2)?.number ?? 0 };
    const version = event.get(3);
    if (version !== undefined) return { ...common, version: version.bytes.toString() };
    const session = event.get(7);
    if (session !== undefined) return { ...common, session: fieldsOf(session.bytes).get(1)!.number };
    const value = fieldsOf(fieldsOf(event.get(5)!.bytes).get(1)!.bytes);
    const tag = value.get(1)!.bytes.toString();
    const [scalar, image, histogram] = [value.get(2), value.get(4), value.get(5)];
    if (scalar !== undefined) return { ...common, tag, scalar: scalar.number };
    if (image !== undefined) {
      const fields = fieldsOf(image.bytes);
      const [height, width] = [fields.get(1)!.number, fields.get(2)!.number];
      return { ...common, tag, image: { height, width, png: fields.get(4)!.bytes } };
    }
    const fields = fieldsOf(histogram!.bytes);
    const [least, most, count, sum, squares] = [1, 2, 3, 4, 5].map((i) => fields.get(i)!.number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const [limits, counts] = [6, 7].map((i) => doublesOf(fields.get(i)!.bytes)) as [number[], number[]];
    return { ...common, tag, histogram: { least, most, count, sum, squares, limits, counts } };
  });
}
