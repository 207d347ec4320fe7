/** What tests/core/wasm-math.test.ts needs of the random numbers. Not part of the module that is shipped. */
export { fillNormal, fillUniform, fillWords } from './philox';
