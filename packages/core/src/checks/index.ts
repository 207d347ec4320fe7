export {
  checkArray,
  checkFunction,
  checkIterable,
  checkNumber,
  checkTensor,
  describeValue,
  refusePromise,
} from './arguments.js';
export { checkChoice, checkOptions, nearest, type OptionNames } from './options.js';
