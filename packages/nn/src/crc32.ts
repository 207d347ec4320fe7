/** The table of CRC-32 with the reversed polynomial 0xEDB88320. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * The CRC-32 of zip and PNG. It detects every change of up to 32 neighbouring bits, and misses other damage with a probability of
 * 2⁻³². It gives no protection against intent.
 * @param previous - the CRC-32 of the bytes before these
 * @see ISO 3309; RFC 1952, section 8
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
