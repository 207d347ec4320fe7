/**
 * ZIP archives in memory: stored and deflated files, zip64, data descriptors. Encrypted archives and those of several parts are refused.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { crc32 } from '../crc32.js';
import { fault } from './header.js';

/** The first bytes of each part of an archive. */
export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const LOCATOR_64 = 0x07064b50;

/** Lengths of the parts without names and extra fields. */
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END_64_BYTES = 56;
export const LOCATOR_64_BYTES = 20;

/** The id of the extra field with sizes of 64 bits. */
export const EXTRA_64 = 0x0001;

/** Values of 16 and 32 bits that stand for a field of 64 bits. */
export const FULL_16 = 0xffff;
export const FULL_32 = 0xffffffff;

const MOST_COMMENT = 0xffff;

/** A file in an archive. */
interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  readonly size: number;
  /** Where its local header starts. */
  readonly offset: number;
}

/** An archive as a reader of numbers. */
class Archive {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly source: string;

  constructor(bytes: Uint8Array, source: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.source = source;
  }

  u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  u64(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  /** @throws VarigradError unless a part of this kind and length is at this place */
  expect(signature: number, at: number, length: number, what: string): void {
    if (at >= 0 && at + length <= this.bytes.length && this.u32(at) === signature) return;
    throw fault(this.source, `there is no ${what} at byte ${at} — the archive is damaged or cut short`);
  }
}

/**
 * The files of an archive by name, in the order of its directory; folders are left out.
 * @param maxBytes - of all files together
 * @throws VarigradError if the archive is damaged, encrypted, too large, or has a name twice
 */
export async function readZip(
  bytes: Uint8Array,
  source: string,
  maxBytes: number,
): Promise<Map<string, Uint8Array>> {
  const archive = new Archive(bytes, source);
  const { entries, start } = readDirectory(archive);
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes)
    throw fault(source, `its files have ${total} bytes, and the limit is ${maxBytes} — set maxBytes`);
  const files = new Map<string, Uint8Array>();
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset))
    end = await extract(archive, entry, { end, start }, files);
  return new Map(entries.flatMap(({ name }) => (files.has(name) ? [[name, files.get(name)!] as const] : [])));
}

interface Directory {
  readonly count: number;
  readonly length: number;
  readonly start: number;
}

/** The end record: the last one whose comment ends with the file. */
function findDirectory(archive: Archive): Directory {
  const { bytes, source } = archive;
  const first = Math.max(0, bytes.length - END_BYTES - MOST_COMMENT);
  let at = bytes.length - END_BYTES;
  while (at >= first && !(archive.u32(at) === END && at + END_BYTES + archive.u16(at + 20) === bytes.length))
    at--;
  if (at < first) throw fault(source, 'there is no end record — not a ZIP archive, or it is cut short');
  const locator = at - LOCATOR_64_BYTES;
  const isLarge = locator >= 0 && archive.u32(locator) === LOCATOR_64;
  const directory = isLarge
    ? readEnd64(archive, archive.u64(locator + 8))
    : { count: archive.u16(at + 10), length: archive.u32(at + 12), start: archive.u32(at + 16), end: at };
  if ((!isLarge && archive.u32(at + 4) !== 0) || directory.start + directory.length !== directory.end)
    throw fault(
      source,
      'the directory does not end at the end record — the archive is damaged, or has several parts',
    );
  return directory;
}

/** @param at - of the zip64 end record, which the directory ends at */
function readEnd64(archive: Archive, at: number): Directory & { end: number } {
  archive.expect(END_64, at, END_64_BYTES, 'zip64 end record');
  return { count: archive.u64(at + 32), length: archive.u64(at + 40), start: archive.u64(at + 48), end: at };
}

function readDirectory(archive: Archive): { entries: ZipEntry[]; start: number } {
  const { count, length, start } = findDirectory(archive);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = start;
  while (at < start + length) {
    archive.expect(CENTRAL, at, CENTRAL_BYTES, 'directory entry');
    const next = at + CENTRAL_BYTES + archive.u16(at + 28) + archive.u16(at + 30) + archive.u16(at + 32);
    if (next > start + length) throw fault(archive.source, `the directory entry at byte ${at} is cut short`);
    const entry = readEntry(archive, at);
    if (names.has(entry.name)) throw fault(archive.source, `it has '${entry.name}' twice`);
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  if (entries.length !== count)
    throw fault(
      archive.source,
      `the end record counts ${count} files, and the directory has ${entries.length}`,
    );
  return { entries, start };
}

const nameAt = ({ bytes }: Archive, at: number, length: number): string =>
  new TextDecoder().decode(bytes.slice(at, at + length));

function readEntry(archive: Archive, at: number): ZipEntry {
  const { source } = archive;
  const name = nameAt(archive, at + CENTRAL_BYTES, archive.u16(at + 28));
  const method = archive.u16(at + 10);
  if ((archive.u16(at + 8) & 1) !== 0)
    throw fault(source, `'${name}' is encrypted — write it without a password`);
  if (method !== 0 && method !== 8)
    throw fault(source, `'${name}' has compression method ${method} — supported: stored (0), deflated (8)`);
  const short = [archive.u32(at + 24), archive.u32(at + 20), archive.u32(at + 42)];
  const long = sizes64(archive, at + CENTRAL_BYTES + archive.u16(at + 28), archive.u16(at + 30));
  const [size, packed, offset] = short.map((value) => (value === FULL_32 ? long.next().value : value));
  if (size === undefined || packed === undefined || offset === undefined)
    throw fault(source, `'${name}' has no zip64 sizes`);
  return { name, deflated: method === 8, crc: archive.u32(at + 16), packed, size, offset };
}

/** The numbers of the extra field for zip64. @param at - the extra fields */
function* sizes64(archive: Archive, at: number, length: number): Generator<number, undefined> {
  let field = at;
  while (field + 4 <= at + length && archive.u16(field) !== EXTRA_64) field += 4 + archive.u16(field + 2);
  if (field + 4 > at + length) return undefined;
  const end = Math.min(field + 4 + archive.u16(field + 2), at + length);
  for (let value = field + 4; value + 8 <= end; value += 8) yield archive.u64(value);
  return undefined;
}

/** Reads a file. @param free - where its local header may start, and where the directory starts; @returns the end of its data */
async function extract(
  archive: Archive,
  { name, deflated, crc, packed, size, offset }: ZipEntry,
  free: { end: number; start: number },
  files: Map<string, Uint8Array>,
): Promise<number> {
  const { bytes, source } = archive;
  archive.expect(LOCAL, offset, LOCAL_BYTES, `header of '${name}'`);
  const nameBytes = archive.u16(offset + 26);
  const start = offset + LOCAL_BYTES + nameBytes + archive.u16(offset + 28);
  if (nameAt(archive, offset + LOCAL_BYTES, nameBytes) !== name)
    throw fault(source, `the header of '${name}' has another name — the archive is damaged`);
  if (offset < free.end || start + packed > free.start || (!deflated && packed !== size))
    throw fault(source, `'${name}' does not fit between its neighbours — the archive is damaged`);
  const raw = bytes.subarray(start, start + packed);
  const contents = deflated ? await inflate(raw, size) : raw;
  if (contents?.length !== size || crc32(contents) !== crc)
    throw fault(source, `'${name}' does not have its length and checksum — the archive is damaged`);
  if (!name.endsWith('/')) files.set(name, contents);
  return start + packed;
}

/** The inflated data; undefined if they are damaged, or longer than `size`. */
async function inflate(raw: Uint8Array, size: number): Promise<Uint8Array | undefined> {
  const reader = through(raw, new DecompressionStream('deflate-raw')).getReader();
  const whole: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > size) return undefined;
      whole.push(part.value);
    }
  } catch {
    return undefined; // the stream names no reason
  } finally {
    await reader.cancel().catch(() => {}); // it ended with an error
  }
  return joined(whole);
}

/** Bytes through a stream that compresses or decompresses. */
export function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
): ReadableStream<Uint8Array> {
  const source = new ReadableStream<BufferSource>({
    start(controller) {
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  return source.pipeThrough(stream);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
