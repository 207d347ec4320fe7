export {
  callee,
  checkArray,
  checkFunction,
  checkIterable,
  checkMethod,
  checkNumber,
  checkTensor,
  checkWhole,
  describeValue,
  isPlainObject,
  refusePromise,
} from './arguments.js';
export { keepsBackend, markKeepsBackend } from './kept-promises.js';
export { checkChoice, checkOptions, nearest, type OptionNames } from './options.js';
