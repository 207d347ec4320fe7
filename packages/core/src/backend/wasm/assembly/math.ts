/**
 * The functions that the kernels apply to four float32 lanes at a time. Each file shows, function by
 * function, the range reduction, the polynomial (its coefficients are computed by math/fit.mjs) and the
 * reconstruction. Errors in ulp, over all of float32, are asserted in tests/core/wasm-math.test.ts.
 */
export * from './math/erf';
export * from './math/exponential';
export * from './math/lanes';
export * from './math/logarithm';
export * from './math/losses';
export * from './math/power';
export * from './math/selection';
export * from './math/trigonometry';
