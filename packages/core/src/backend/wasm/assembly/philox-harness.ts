/** Exports the random number functions for tests/core/wasm-math.test.ts. Not part of the shipped module. */
export { fillNormal, fillUniform, fillWords } from './philox';
