export {
  callee,
  checkArray,
  checkBoolean,
  checkFinite,
  checkFunction,
  checkIterable,
  checkMethod,
  checkNumber,
  checkTensor,
  checkUnitInterval,
  checkValues,
  checkWhole,
  describeValue,
  isArrayOf,
  isPlainObject,
  refusePromise,
} from './arguments.js';
export { repeatedKey } from './json.js';
export { keepsBackend, markKeepsBackend } from './kept-promises.js';
export { checkChoice, checkOptions, nearest, type OptionNames } from './options.js';
