/** ZIP archives byte by byte, independent of the library's writer. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFileOptions {
  readonly deflate?: boolean;
  /** Sizes and checksum follow the data instead of standing in the local header, as in archives that were written to a pipe. */
  readonly descriptor?: boolean;
  /** Sizes of 64 bits in every header, and zip64 end records. */
  readonly zip64?: boolean;
  /** General purpose flags: 1 for encryption. */
  readonly flags?: number;
  readonly method?: number;
  readonly comment?: string;
}

const le = (bytes: 2 | 4 | 8, ...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const buffer = Buffer.alloc(bytes);
      if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
      else buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );

/** An archive of these files. */
export function zipFile(
  files: Readonly<Record<string, Uint8Array>>,
  {
    deflate = false,
    descriptor = false,
    zip64 = false,
    flags = 0,
    method = deflate ? 8 : 0,
    comment = '',
  }: ZipFileOptions = {},
): Buffer {
  const [locals, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, contents] of Object.entries(files)) {
    const data = deflate ? deflateRawSync(contents) : Buffer.from(contents);
    const sum = crc32(contents);
    const bits = flags | (descriptor ? 8 : 0);
    const known = descriptor
      ? [0, 0, 0]
      : zip64
        ? [sum, 0xffffffff, 0xffffffff]
        : [sum, data.length, contents.length];
    const extra =
      zip64 && !descriptor
        ? Buffer.concat([le(2, 1, 16), le(8, contents.length, data.length)])
        : Buffer.alloc(0);
    const local = Buffer.concat([
      Buffer.from('PK\x03\x04'),
      le(2, 20, bits, method, 0, 33),
      le(4, ...known),
      le(2, name.length, extra.length),
      Buffer.from(name),
      extra,
      data,
      descriptor
        ? Buffer.concat([Buffer.from('PK\x07\x08'), le(4, sum, data.length, contents.length)])
        : Buffer.alloc(0),
    ]);
    const long = zip64
      ? Buffer.concat([le(2, 1, 24), le(8, contents.length, data.length, offset)])
      : Buffer.alloc(0);
    central.push(
      Buffer.from('PK\x01\x02'),
      le(2, 45, 45, bits, method, 0, 33),
      le(4, sum, ...(zip64 ? [0xffffffff, 0xffffffff] : [data.length, contents.length])),
      le(2, name.length, long.length, 0, 0, 0),
      le(4, 0, zip64 ? 0xffffffff : offset),
      Buffer.from(name),
      long,
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const count = Object.keys(files).length;
  const large = Buffer.concat([
    Buffer.from('PK\x06\x06'),
    le(8, 44),
    le(2, 45, 45),
    le(4, 0, 0),
    le(8, count, count, directory.length, offset),
    Buffer.from('PK\x06\x07'),
    le(4, 0),
    le(8, offset + directory.length),
    le(4, 1),
  ]);
  return Buffer.concat([
    ...locals,
    directory,
    zip64 ? large : Buffer.alloc(0),
    Buffer.from('PK\x05\x06'),
    le(2, 0, 0, zip64 ? 0xffff : count, zip64 ? 0xffff : count),
    le(4, ...(zip64 ? [0xffffffff, 0xffffffff] : [directory.length, offset])),
    le(2, comment.length),
    Buffer.from(comment),
  ]);
}
