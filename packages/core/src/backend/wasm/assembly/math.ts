/**
 * The functions that the kernels apply to four float32 lanes at a time. Each function has a range reduction, a
 * polynomial (with coefficients from math/fit.mjs) and a reconstruction. tests/core/wasm-math.test.ts asserts
 * their errors in ulp over all float32 arguments.
 */
export * from './math/erf';
export * from './math/exponential';
export * from './math/lanes';
export * from './math/logarithm';
export * from './math/losses';
export * from './math/power';
export * from './math/selection';
export * from './math/trigonometry';
