/** The two floats of 16 bits: 1 bit of sign, then the exponent, then the fraction. */
export interface HalfFormat {
  readonly exponentBits: number;
  readonly fractionBits: number;
}

/** IEEE 754 binary16: the largest finite value is 65504, the smallest above 0 is 2⁻²⁴. */
export const FLOAT16: HalfFormat = { exponentBits: 5, fractionBits: 10 };

/** bfloat16, the upper half of a float32. */
export const BFLOAT16: HalfFormat = { exponentBits: 8, fractionBits: 7 };

/** The exponent of subnormal numbers, which is the smallest one: −14 and −126. */
const least = ({ exponentBits }: HalfFormat): number => 2 - 2 ** (exponentBits - 1);

/** The value of 16 bits. */
export function fromHalf(bits: number, format: HalfFormat): number {
  const { exponentBits, fractionBits } = format;
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = bits & (2 ** fractionBits - 1);
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const significand = exponent === 0 ? fraction : 2 ** fractionBits + fraction;
  return sign * significand * 2 ** (Math.max(exponent, 1) - 1 + least(format) - fractionBits);
}

const word = new DataView(new ArrayBuffer(8));

/** Numbers below 2⁵¹ lose their fraction in this sum; halves go to the even number. */
const ROUNDING = 2 ** 52;

/** The 16 bits of the nearest value, the even one of two. Values beyond the largest finite one become ±Infinity. */
export function toHalf(value: number, format: HalfFormat): number {
  const { exponentBits, fractionBits } = format;
  word.setFloat64(0, value);
  const high = word.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  const infinity = (2 ** exponentBits - 1) << fractionBits;
  if (Number.isNaN(value)) return sign | infinity | (1 << (fractionBits - 1));
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, least(format));
  if (exponent > 1 - least(format)) return sign | infinity;
  // The significand as a whole number; 2^(fractionBits + 1) carries into the exponent.
  const significand = Math.abs(value) * 2 ** (fractionBits - exponent) + ROUNDING - ROUNDING;
  return sign | ((exponent - least(format)) * 2 ** fractionBits + significand);
}
