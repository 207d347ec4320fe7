/**
 * Reductions. Sums are accumulated in float64, so that neither their order nor the number of threads shows in float32.
 * logSumExp exists for rows only.
 */
import { REDUCE_MAX, REDUCE_MIN, REDUCE_SUM } from './functions.generated';
import * as math from './math';

@inline
function sumOfPair(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

@inline
function upperPair(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

/** Σ of n floats, in float64. Four independent sums avoid waiting for the previous addition. */
function sum(x: usize, n: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  const whole = n & ~7;
  for (let i: usize = 0; i < whole; i += 8) {
    const v = v128.load(x + (i << 2)), w = v128.load(x + (i << 2), 16);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
    s1 = f64x2.add(s1, upperPair(v));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(w));
    s3 = f64x2.add(s3, upperPair(w));
  }
  let total = sumOfPair(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (let i = whole; i < n; i++) total += load<f32>(x + (i << 2));
  return total;
}

/** Largest or smallest of n floats; NaN if any is NaN. */
@inline
function extreme(kind: i32, x: usize, n: usize): f32 {
  const start: f32 = kind == REDUCE_MAX ? -Infinity : Infinity;
  let best = f32x4.splat(start);
  const whole = n & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const v = v128.load(x + (i << 2));
    best = kind == REDUCE_MAX ? f32x4.max(best, v) : f32x4.min(best, v);
  }
  const a = f32x4.extract_lane(best, 0), b = f32x4.extract_lane(best, 1);
  const c = f32x4.extract_lane(best, 2), d = f32x4.extract_lane(best, 3);
  let result: f32 = kind == REDUCE_MAX ? max(max(a, b), max(c, d)) : min(min(a, b), min(c, d));
  for (let i = whole; i < n; i++) {
    const v = load<f32>(x + (i << 2));
    result = kind == REDUCE_MAX ? max(result, v) : min(result, v);
  }
  return result;
}

/** m + ln Σ e^(x − m) with the maximum m; if m is infinite or NaN, the result is m. */
function logSumExp(x: usize, n: usize): f32 {
  const m = extreme(REDUCE_MAX, x, n);
  if (!isFinite(m)) return m;
  const shift = f32x4.splat(m);
  let even = f64x2.splat(0), odd = f64x2.splat(0);
  const whole = n & ~3;
  for (let i: usize = 0; i < whole; i += 4) {
    const e = math.exp(f32x4.sub(v128.load(x + (i << 2)), shift));
    even = f64x2.add(even, f64x2.promote_low_f32x4(e));
    odd = f64x2.add(odd, upperPair(e));
  }
  let total = sumOfPair(f64x2.add(even, odd));
  for (let i = whole; i < n; i++) {
    total += f32x4.extract_lane(math.exp(f32x4.sub(v128.load32_splat(x + (i << 2)), shift)), 0);
  }
  return m + f32x4.extract_lane(math.log(f32x4.splat(<f32>total)), 0);
}

/**
 * Reduces rows `from` … `to − 1` of `[rows, length]`, or of several such arrays, `pitch` bytes apart, all of which go into the
 * same results. logSumExp exists for one array only.
 */
export function reduceRows(
  kind: i32, out: usize, x: usize, length: usize, arrays: usize, pitch: usize, from: usize, to: usize,
): void {
  for (let row = from; row < to; row++) {
    const at = x + ((row * length) << 2);
    let result: f32;
    if (kind == REDUCE_SUM) result = sumOfRows(at, length, arrays, pitch);
    else if (kind == REDUCE_MAX) result = extremeOfRows(REDUCE_MAX, at, length, arrays, pitch);
    else if (kind == REDUCE_MIN) result = extremeOfRows(REDUCE_MIN, at, length, arrays, pitch);
    else result = logSumExp(at, length);
    store<f32>(out + (row << 2), result);
  }
}

function sumOfRows(x: usize, length: usize, arrays: usize, pitch: usize): f32 {
  let total: f64 = 0;
  for (let i: usize = 0; i < arrays; i++) total += sum(x + i * pitch, length);
  return <f32>total;
}

@inline
function extremeOfRows(kind: i32, x: usize, length: usize, arrays: usize, pitch: usize): f32 {
  let best: f32 = kind == REDUCE_MAX ? -Infinity : Infinity;
  for (let i: usize = 0; i < arrays; i++) {
    const own = extreme(kind, x + i * pitch, length);
    best = kind == REDUCE_MAX ? max(best, own) : min(best, own);
  }
  return best;
}

/** Σ of each of 8 columns from `at` on; writes 32 bytes to `out`. */
function sumEightColumns(out: usize, at: usize, pitch: usize, length: usize): void {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
  for (let i: usize = 0; i < length; i++, at += pitch) {
    const v = v128.load(at), w = v128.load(at, 16);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
    s1 = f64x2.add(s1, upperPair(v));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(w));
    s3 = f64x2.add(s3, upperPair(w));
  }
  v128.store(out, i64x2.shuffle(f32x4.demote_f64x2_zero(s0), f32x4.demote_f64x2_zero(s1), 0, 2));
  v128.store(out, i64x2.shuffle(f32x4.demote_f64x2_zero(s2), f32x4.demote_f64x2_zero(s3), 0, 2), 16);
}

/** Largest or smallest element of each of 8 columns from `at` on; writes 32 bytes to `out`. */
function extremeEightColumns(kind: i32, out: usize, at: usize, pitch: usize, length: usize): void {
  let low = f32x4.splat(kind == REDUCE_MAX ? -Infinity : Infinity), high = low;
  for (let i: usize = 0; i < length; i++, at += pitch) {
    const v = v128.load(at), w = v128.load(at, 16);
    low = kind == REDUCE_MAX ? f32x4.max(low, v) : f32x4.min(low, v);
    high = kind == REDUCE_MAX ? f32x4.max(high, w) : f32x4.min(high, w);
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/** Reduces one column whose first element is at `at`. */
function reduceColumn(kind: i32, at: usize, pitch: usize, length: usize): f32 {
  let total: f64 = 0;
  let best: f32 = kind == REDUCE_MAX ? -Infinity : Infinity;
  for (let i: usize = 0; i < length; i++, at += pitch) {
    const v = load<f32>(at);
    if (kind == REDUCE_SUM) total += v;
    else best = kind == REDUCE_MAX ? max(best, v) : min(best, v);
  }
  return kind == REDUCE_SUM ? <f32>total : best;
}

/** Reduces columns `from` … `to − 1` of `[length, columns]`. */
export function reduceColumns(
  kind: i32, out: usize, x: usize, length: usize, columns: usize, from: usize, to: usize,
): void {
  const pitch = columns << 2;
  let column = from;
  for (; column + 8 <= to; column += 8) {
    const at = column << 2;
    if (kind == REDUCE_SUM) sumEightColumns(out + at, x + at, pitch, length);
    else extremeEightColumns(kind, out + at, x + at, pitch, length);
  }
  for (; column < to; column++) {
    store<f32>(out + (column << 2), reduceColumn(kind, x + (column << 2), pitch, length));
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
