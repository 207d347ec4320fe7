/** Writes ZIP archives in memory, with zip64 where a number needs it. */
import { crc32 } from '../crc32.js';
import {
  CENTRAL,
  CENTRAL_BYTES,
  END,
  END_64,
  END_64_BYTES,
  END_BYTES,
  EXTRA_64,
  FULL_16,
  FULL_32,
  joined,
  LOCAL,
  LOCAL_BYTES,
  LOCATOR_64,
  LOCATOR_64_BYTES,
  through,
} from './zip.js';

/** How an archive is written. */
export interface ZipSettings {
  readonly compress: boolean;
  /** Numbers from this one on get fields of 64 bits. Default: those that have no room in 32 bits. */
  readonly most?: number;
}

/** The version of the format that a reader needs: 2.0, or 4.5 for zip64. */
const [VERSION, VERSION_64] = [20, 45];

/** Names are UTF-8. */
const UTF8_NAME = 1 << 11;

/** 1 January 1980, the first date of the format, so that equal contents give equal archives. */
const DATE = 0x21;

const [STORED, DEFLATED] = [0, 8];

/** A file and what both of its headers say. */
interface Part {
  readonly name: Uint8Array;
  readonly data: Uint8Array;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** The bytes of an archive with these files, by name. */
export async function writeZip(
  files: ReadonlyMap<string, Uint8Array>,
  { compress, most = FULL_32 }: ZipSettings,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, contents] of files) {
    const data = compress ? await deflated(contents) : contents;
    const part: Part = {
      name: new TextEncoder().encode(name),
      data,
      method: compress ? DEFLATED : STORED,
      crc: crc32(contents),
      size: contents.length,
      offset,
    };
    const header = localHeader(part, most);
    pieces.push(header, data);
    directory.push(centralHeader(part, most));
    offset += header.length + data.length;
  }
  const length = directory.reduce((sum, entry) => sum + entry.length, 0);
  return joined([...pieces, ...directory, ...endRecords(files.size, length, offset, most)]);
}

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = through(bytes, new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** The extra field with those of the numbers that need 64 bits; empty if there are none. */
function extra64(numbers: readonly number[]): Uint8Array {
  if (numbers.length === 0) return new Uint8Array();
  const extra = new DataView(new ArrayBuffer(4 + 8 * numbers.length));
  extra.setUint16(0, EXTRA_64, true);
  extra.setUint16(2, 8 * numbers.length, true);
  for (const [i, value] of numbers.entries()) extra.setBigUint64(4 + 8 * i, BigInt(value), true);
  return new Uint8Array(extra.buffer);
}

/** The fields that both headers of a file have, from its flags to the length of its extra fields. */
function describe(
  view: DataView,
  at: number,
  part: Part,
  sizes: readonly [number, number],
  extra: number,
): void {
  view.setUint16(at, UTF8_NAME, true);
  view.setUint16(at + 2, part.method, true);
  view.setUint16(at + 6, DATE, true);
  view.setUint32(at + 8, part.crc, true);
  view.setUint32(at + 12, sizes[0], true);
  view.setUint32(at + 16, sizes[1], true);
  view.setUint16(at + 20, part.name.length, true);
  view.setUint16(at + 22, extra, true);
}

/** A local header has both sizes of zip64, or none. */
function localHeader(part: Part, most: number): Uint8Array {
  const isLarge = Math.max(part.size, part.data.length) >= most;
  const extra = extra64(isLarge ? [part.size, part.data.length] : []);
  const view = new DataView(new ArrayBuffer(LOCAL_BYTES));
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, isLarge ? VERSION_64 : VERSION, true);
  describe(view, 6, part, isLarge ? [FULL_32, FULL_32] : [part.data.length, part.size], extra.length);
  return joined([new Uint8Array(view.buffer), part.name, extra]);
}

function centralHeader(part: Part, most: number): Uint8Array {
  const numbers = [part.size, part.data.length, part.offset];
  const extra = extra64(numbers.filter((value) => value >= most));
  const [size, packed, offset] = numbers.map((value) => (value >= most ? FULL_32 : value)) as [
    number,
    number,
    number,
  ];
  const version = extra.length > 0 ? VERSION_64 : VERSION;
  const view = new DataView(new ArrayBuffer(CENTRAL_BYTES));
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, version, true);
  view.setUint16(6, version, true);
  describe(view, 8, part, [packed, size], extra.length);
  view.setUint32(42, offset, true);
  return joined([new Uint8Array(view.buffer), part.name, extra]);
}

/** The end record, after those of zip64 if a number needs them. */
function endRecords(count: number, length: number, start: number, most: number): Uint8Array[] {
  const isLarge = count >= FULL_16 || Math.max(length, start) >= most;
  const end = new DataView(new ArrayBuffer(END_BYTES));
  end.setUint32(0, END, true);
  end.setUint16(8, isLarge ? FULL_16 : count, true);
  end.setUint16(10, isLarge ? FULL_16 : count, true);
  end.setUint32(12, isLarge ? FULL_32 : length, true);
  end.setUint32(16, isLarge ? FULL_32 : start, true);
  if (!isLarge) return [new Uint8Array(end.buffer)];
  const end64 = new DataView(new ArrayBuffer(END_64_BYTES));
  end64.setUint32(0, END_64, true);
  end64.setBigUint64(4, BigInt(END_64_BYTES - 12), true); // without this field and the one before it
  end64.setUint16(12, VERSION_64, true);
  end64.setUint16(14, VERSION_64, true);
  for (const [at, value] of [
    [24, count],
    [32, count],
    [40, length],
    [48, start],
  ] as const)
    end64.setBigUint64(at, BigInt(value), true);
  const locator = new DataView(new ArrayBuffer(LOCATOR_64_BYTES));
  locator.setUint32(0, LOCATOR_64, true);
  locator.setBigUint64(8, BigInt(start + length), true);
  locator.setUint32(16, 1, true);
  return [end64, locator, end].map(({ buffer }) => new Uint8Array(buffer));
}
