export {
  callee,
  checkArray,
  checkFinite,
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
export { repeatedKey } from './json.js';
export { keepsBackend, markKeepsBackend } from './kept-promises.js';
export { checkChoice, checkOptions, nearest, type OptionNames } from './options.js';
