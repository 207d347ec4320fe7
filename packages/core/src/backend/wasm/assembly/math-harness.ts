/** One loop per function, for tests/core/wasm-math.test.ts. Not part of the module that is shipped. */
import * as math from './math';

export { fillNormal, fillUniform, fillWords } from './philox';

/** Reads n float32 values at `x` and writes n results at `out`; n is a multiple of 4. */
export function exp(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.exp(v128.load(x + i)));
}

export function expm1(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.expm1(v128.load(x + i)));
}

export function log(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.log(v128.load(x + i)));
}

export function log1p(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.log1p(v128.load(x + i)));
}

export function sigmoid(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.sigmoid(v128.load(x + i)));
}

export function tanh(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.tanh(v128.load(x + i)));
}

export function softplus(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.softplus(v128.load(x + i)));
}

export function logSigmoid(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.logSigmoid(v128.load(x + i)));
}

export function gelu(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.gelu(v128.load(x + i)));
}

export function erf(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.erf(v128.load(x + i)));
}

export function sin(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.sin(v128.load(x + i)));
}

export function cos(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.cos(v128.load(x + i)));
}

export function rsqrt(out: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.rsqrt(v128.load(x + i)));
}

export function elu(out: usize, x: usize, n: i32, alpha: f32): void {
  const a = f32x4.splat(alpha);
  for (let i: usize = 0; i < <usize>n << 2; i += 16) v128.store(out + i, math.elu(v128.load(x + i), a));
}

export function pow(out: usize, x: usize, y: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    v128.store(out + i, math.pow(v128.load(x + i), v128.load(y + i)));
  }
}
