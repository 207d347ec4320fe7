export {
  callee,
  checkAmount,
  checkArray,
  checkBoolean,
  checkFinite,
  checkFunction,
  checkMethod,
  checkNumber,
  checkTensor,
  checkText,
  checkUnitInterval,
  checkValues,
  checkWhole,
  describeValue,
  isArrayOf,
  isPlainObject,
  pairsOf,
  refusePromise,
} from './arguments.js';
export { repeatedKey } from './json.js';
export { keepsBackend, markKeepsBackend } from './kept-promises.js';
export { checkChoice, checkOptions, nearest, type OptionNames } from './options.js';
