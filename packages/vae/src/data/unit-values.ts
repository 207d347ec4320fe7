/** Numbers of any type that stand for grey values or colours. */
export type StoredNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/**
 * Converts stored values to values from 0 to 1. Integers are 0 to 255. Floats are 0 to 1; if one exceeds 1, all are taken as 0 to 255.
 * @param fault - makes the error for values outside of this range
 */
export function unitValues(stored: StoredNumbers, fault: (reason: string) => Error): Float32Array {
  const isFloat = stored instanceof Float32Array || stored instanceof Float64Array;
  const [least, most] = stored instanceof Uint8Array ? [0, 255] : rangeOf(stored, fault);
  if (least < 0 || most > 255)
    throw fault(`the pixels are ${least} to ${most} — expected 0 to 255, or floats from 0 to 1`);
  const white = isFloat && most <= 1 ? 1 : 255;
  const values = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) values[i] = stored[i]! / white;
  return values;
}

function rangeOf(stored: StoredNumbers, fault: (reason: string) => Error): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    if (Number.isNaN(value)) throw fault(`the pixel at index ${i} is NaN`);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
