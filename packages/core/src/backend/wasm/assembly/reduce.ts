/**
 * Reductions. Sums are added up in float64, which is exact enough that neither the order nor the number of threads shows.
 * Kinds: 0 sum, 1 max, 2 min, 3 logSumExp (of rows only).
 */
import * as math from './math';

const SUM = 0;
const MAX = 1;
const MIN = 2;

@inline
function firstOfPair(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

@inline
function upperPair(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

/** Σ of n floats, in float64. */
function sum(x: usize, n: usize): f64 {
  let even = f64x2.splat(0), odd = f64x2.splat(0);
  const whole = n & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const v = v128.load(x + (i << 2));
    even = f64x2.add(even, f64x2.promote_low_f32x4(v));
    odd = f64x2.add(odd, upperPair(v));
  }
  let total = firstOfPair(f64x2.add(even, odd));
  for (let i = whole; i < n; i++) total += load<f32>(x + (i << 2));
  return total;
}

/** Largest or smallest of n floats; NaN if there is one. */
@inline
function extreme(kind: i32, x: usize, n: usize): f32 {
  const start: f32 = kind == MAX ? -Infinity : Infinity;
  let best = f32x4.splat(start);
  const whole = n & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const v = v128.load(x + (i << 2));
    best = kind == MAX ? f32x4.max(best, v) : f32x4.min(best, v);
  }
  const a = f32x4.extract_lane(best, 0), b = f32x4.extract_lane(best, 1);
  const c = f32x4.extract_lane(best, 2), d = f32x4.extract_lane(best, 3);
  let result: f32 = kind == MAX ? max(max(a, b), max(c, d)) : min(min(a, b), min(c, d));
  for (let i = whole; i < n; i++) {
    const v = load<f32>(x + (i << 2));
    result = kind == MAX ? max(result, v) : min(result, v);
  }
  return result;
}

/** m + ln Σ e^(x − m) with the maximum m; m itself where it is infinite or NaN. */
function logSumExp(x: usize, n: usize): f32 {
  const m = extreme(MAX, x, n);
  if (!isFinite(m)) return m;
  const shift = f32x4.splat(m);
  let even = f64x2.splat(0), odd = f64x2.splat(0);
  const whole = n & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const e = math.exp(f32x4.sub(v128.load(x + (i << 2)), shift));
    even = f64x2.add(even, f64x2.promote_low_f32x4(e));
    odd = f64x2.add(odd, upperPair(e));
  }
  let total = firstOfPair(f64x2.add(even, odd));
  for (let i = whole; i < n; i++) {
    total += f32x4.extract_lane(math.exp(f32x4.sub(v128.load32_splat(x + (i << 2)), shift)), 0);
  }
  return m + f32x4.extract_lane(math.log(f32x4.splat(<f32>total)), 0);
}

/** Reduces rows `from` … `to − 1` of `[rows, length]`. */
export function reduceRows(kind: i32, out: usize, x: usize, length: usize, from: usize, to: usize): void {
  for (let row = from; row < to; row++) {
    const at = x + ((row * length) << 2);
    let result: f32;
    if (kind == SUM) result = <f32>sum(at, length);
    else if (kind == MAX) result = extreme(MAX, at, length);
    else if (kind == MIN) result = extreme(MIN, at, length);
    else result = logSumExp(at, length);
    store<f32>(out + (row << 2), result);
  }
}

/** Reduces columns `from` … `to − 1` of `[length, columns]`, four at a time. */
export function reduceColumns(
  kind: i32, out: usize, x: usize, length: usize, columns: usize, from: usize, to: usize,
): void {
  const pitch = columns << 2;
  let column = from;
  for (; column + 4 <= to; column += 4) {
    let at = x + (column << 2);
    let result: v128;
    if (kind == SUM) {
      let low = f64x2.splat(0), high = f64x2.splat(0);
      for (let i: usize = 0; i < length; i++, at += pitch) {
        const v = v128.load(at);
        low = f64x2.add(low, f64x2.promote_low_f32x4(v));
        high = f64x2.add(high, upperPair(v));
      }
      result = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    } else {
      result = f32x4.splat(kind == MAX ? -Infinity : Infinity);
      for (let i: usize = 0; i < length; i++, at += pitch) {
        const v = v128.load(at);
        result = kind == MAX ? f32x4.max(result, v) : f32x4.min(result, v);
      }
    }
    v128.store(out + (column << 2), result);
  }
  for (; column < to; column++) {
    let total: f64 = 0;
    let best: f32 = kind == MAX ? -Infinity : Infinity;
    for (let i: usize = 0; i < length; i++) {
      const v = load<f32>(x + i * pitch + (column << 2));
      if (kind == SUM) total += v;
      else best = kind == MAX ? max(best, v) : min(best, v);
    }
    store<f32>(out + (column << 2), kind == SUM ? <f32>total : best);
  }
}

/** Index of the first maximum, or of the first NaN, along the middle axis of `[outer, length, inner]`. */
export function argmax(out: usize, x: usize, outer: usize, length: usize, inner: usize): void {
  for (let r: usize = 0; r < outer * inner; r++) {
    const first = x + (((r / inner) * length * inner + (r % inner)) << 2);
    let best: usize = 0;
    let champion = load<f32>(first);
    for (let j: usize = 1; j < length; j++) {
      const value = load<f32>(first + ((j * inner) << 2));
      if (value > champion || (value != value && champion == champion)) {
        best = j;
        champion = value;
      }
    }
    store<f32>(out + (r << 2), <f32>best);
  }
}

/** Running sums along the middle axis of `[outer, length, inner]`. */
export function cumsum(out: usize, x: usize, outer: usize, length: usize, inner: usize): void {
  for (let o: usize = 0; o < outer; o++) {
    for (let i: usize = 0; i < inner; i++) {
      let total: f64 = 0;
      for (let j: usize = 0; j < length; j++) {
        const at = ((o * length + j) * inner + i) << 2;
        total += load<f32>(x + at);
        store<f32>(out + at, <f32>total);
      }
    }
  }
}
