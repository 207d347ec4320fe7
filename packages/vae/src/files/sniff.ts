/** The first bytes of common kinds of files. A dot stands for any byte. */
const SIGNATURES: readonly (readonly [start: string, kind: string])[] = [
  ['\x89PNG\r\n\x1a\n', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['RIFF....WEBP', 'a WebP picture'],
  ['....ftypavif', 'an AVIF picture'],
  ['....ftyphei', 'a HEIC picture'],
  ['II*\0', 'a TIFF picture'],
  ['MM\0*', 'a TIFF picture'],
  ['BM', 'a BMP picture'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\x93NUMPY', 'a NumPy array'],
  ['........{"', 'a safetensors file'],
  ['\0\0\x08', 'an IDX file'],
];

/** How many bytes are read as text. */
const TEXT_BYTES = 512;

/** What a file is by its first bytes: 'a JPEG picture', 'an HTML page', 'empty'; undefined for unknown bytes. */
export function kindOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'empty';
  if (bytes.every((byte) => byte === 0)) return 'a file of zeros';
  const start = String.fromCharCode(...bytes.subarray(0, TEXT_BYTES));
  const known = SIGNATURES.find(([signature]) =>
    [...signature].every((byte, i) => byte === '.' || start[i] === byte),
  );
  if (known !== undefined) return known[1];
  if (/^(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype html|html|head|body)/is.test(start))
    return 'an HTML page';
  if (/^(\xef\xbb\xbf)?\s*(<\?xml.*?\?>\s*)?<svg/is.test(start)) return 'an SVG picture';
  if (start.startsWith('version https://git-lfs')) return 'a pointer of Git LFS, not the file itself';
  return [...start].every((c) => c >= ' ' || '\t\r\n'.includes(c)) && isUtf8(bytes) ? 'text' : undefined;
}

function isUtf8(bytes: Uint8Array): boolean {
  const end = bytes.length > TEXT_BYTES ? TEXT_BYTES - 3 : bytes.length; // a character may be cut at the end
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
    return true;
  } catch {
    return false;
  }
}
