/** The numbers as little-endian bytes, on any machine. */
export function littleEndian(values: Float32Array | Float64Array | BigInt64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.byteLength));
  values.forEach((value: number | bigint, i: number) => {
    if (typeof value === 'bigint') view.setBigInt64(8 * i, value, true);
    else if (values instanceof Float64Array) view.setFloat64(8 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}
