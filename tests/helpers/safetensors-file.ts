/** Safetensors files byte by byte. */

/** A file of this header, as JSON text or as an object, and this data section. */
export function safetensorsFile(
  header: object | string,
  data: readonly number[] | Uint8Array = [],
): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

/** Values as little-endian bytes, written by one of DataView's setters. */
export function littleEndian<Value>(
  bytes: number,
  values: readonly Value[],
  set: (view: DataView, at: number, value: Value) => void,
): Uint8Array {
  const raw = new Uint8Array(bytes * values.length);
  values.forEach((value, i) => {
    set(new DataView(raw.buffer), i * bytes, value);
  });
  return raw;
}
