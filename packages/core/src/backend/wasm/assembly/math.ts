/**
 * The functions that the kernels apply to four float32 lanes at a time. Each file shows, function by
 * function, the range reduction, the polynomial (its coefficients are computed by math/fit.mjs) and the
 * reconstruction. Errors in ulp, over all of float32, are asserted in tests/core/wasm-math.test.ts.
 */
export { erf, gelu } from './math/erf';
export { elu, exp, expm1, rsqrt, sigmoid, tanh } from './math/exponential';
export { constant, fma } from './math/lanes';
export { log, log1p, logSigmoid, softplus } from './math/logarithm';
export { sigmoidCrossEntropy, standardNormalKl } from './math/losses';
export { pow } from './math/power';
export { leakyRelu, one, relu, sign, truth } from './math/selection';
export { cos, sin } from './math/trigonometry';
