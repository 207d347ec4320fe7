/** ZIP archives in memory, by zip.js: stored and deflated files, zip64, data descriptors. Encrypted archives and those of several parts are refused. */
import {
  ERR_BAD_FORMAT,
  ERR_ENCRYPTED,
  ERR_EOCDR_NOT_FOUND,
  ERR_INVALID_COMPRESSED_DATA,
  ERR_INVALID_CRC32,
  ERR_INVALID_UNCOMPRESSED_SIZE,
  ERR_SPLIT_ZIP_FILE,
  ERR_UNSUPPORTED_COMPRESSION,
  ERR_UNSUPPORTED_ENCRYPTION,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-custom.js'; // the entry without WebAssembly and scripts of workers
import { fault } from './header.js';

/** Refuses what two readers may understand differently, and data without their checksum. No name is used as a path. */
const READ = {
  strictness: 'strict',
  filenameValidation: 'tolerant',
  checkOverlappingEntry: true,
  checkCrc32: true,
  useWebWorkers: false,
} as const;

/** Equal contents give equal archives: the date is the first one of the format, and there are no extra fields with other dates. */
const WRITE = {
  lastModDate: new Date(1980, 0, 1),
  extendedTimestamp: false,
  dataDescriptor: false,
  useWebWorkers: false,
} as const;

const [STORED, DEFLATED] = [0, 8];
const [NO_LEVEL, DEFAULT_LEVEL] = [0, 6];

const NO_ARCHIVE = 'has no end record — not a ZIP archive, or it is cut short';
const ENCRYPTED = 'is encrypted — write it without a password';
const DAMAGED = 'does not have its length and checksum — the archive is damaged';

/** What is wrong with the file or one of its entries, by the message of zip.js. */
const REASONS: Readonly<Record<string, string>> = {
  [ERR_BAD_FORMAT]: NO_ARCHIVE,
  [ERR_EOCDR_NOT_FOUND]: NO_ARCHIVE,
  [ERR_SPLIT_ZIP_FILE]: 'is one of several parts of an archive — join them',
  [ERR_ENCRYPTED]: ENCRYPTED,
  [ERR_UNSUPPORTED_ENCRYPTION]: ENCRYPTED,
  [ERR_UNSUPPORTED_COMPRESSION]: 'is neither stored nor deflated — write it with np.savez',
  [ERR_INVALID_CRC32]: DAMAGED,
  [ERR_INVALID_COMPRESSED_DATA]: DAMAGED,
  [ERR_INVALID_UNCOMPRESSED_SIZE]: DAMAGED,
};

const [END, LOCATOR_64] = [0x06054b50, 0x07064b50];
const [END_BYTES, LOCATOR_64_BYTES] = [22, 20];

/**
 * Python writes zip64 records from 2 GiB on, and below 4 GiB the end record repeats their numbers. zip.js looks for the records only if
 * a number of the end record is full, so its numbers are read as full ones.
 */
class ArchiveReader extends Uint8ArrayReader {
  readonly #end: number | undefined;

  constructor(bytes: Uint8Array) {
    super(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = bytes.length - END_BYTES;
    const locator = end - LOCATOR_64_BYTES;
    const isLarge =
      locator >= 0 && view.getUint32(end, true) === END && view.getUint32(locator, true) === LOCATOR_64;
    this.#end = isLarge ? end : undefined;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const copy = await super.readUint8Array(index, length);
    if (this.#end !== undefined && index <= this.#end && index + length >= this.size)
      copy.fill(0xff, this.#end + 10 - index, this.#end + 20 - index); // the count, the length and the start of the directory
    return copy;
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
  const archive = new ZipReader(new ArchiveReader(bytes), READ);
  const entries = await explained(archive.getEntries(), source, 'the file');
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > maxBytes)
    throw fault(source, `its files have ${total} bytes, and the limit is ${maxBytes} — set maxBytes`);
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const { filename, directory, compressionMethod } = entry;
    if (filename.endsWith('/')) continue;
    if (directory)
      throw fault(source, `'${filename}' has the attributes of a folder — the archive is damaged`);
    const isKnown = compressionMethod === STORED || compressionMethod === DEFLATED;
    const contents = isKnown
      ? entry.getData(new Uint8ArrayWriter())
      : Promise.reject(new Error(ERR_UNSUPPORTED_COMPRESSION));
    files.set(filename, await explained(contents, source, `'${filename}'`));
  }
  return files;
}

/** The result, or the error of zip.js as a sentence. @param subject - of the sentence */
async function explained<T>(result: Promise<T>, source: string, subject: string): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const { message, reason = message } = error as Error & { reason?: string };
    throw fault(source, `${subject} ${REASONS[message] ?? `is damaged (${reason})`}`);
  }
}

/** How an archive is written. */
export interface ZipSettings {
  readonly compress: boolean;
  /** Numbers of 64 bits in all headers. Otherwise only those that have no room in 32 bits. */
  readonly zip64?: true;
}

/** The bytes of an archive with these files, by name. */
export async function writeZip(
  files: ReadonlyMap<string, Uint8Array>,
  { compress, ...zip64 }: ZipSettings,
): Promise<Uint8Array> {
  const level = compress ? DEFAULT_LEVEL : NO_LEVEL;
  const archive = new ZipWriter(new Uint8ArrayWriter(), { ...WRITE, ...zip64, level });
  for (const [name, contents] of files) await archive.add(name, new Uint8ArrayReader(contents));
  return archive.close();
}
