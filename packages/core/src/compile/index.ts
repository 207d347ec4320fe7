/** For code that has settings of its own and runs inside compiled functions: optimizers, layers, training loops. */

export { batchMean, batchRows, wholeBatch } from '../ops/all-reduce.js';
export { fillUniform } from '../philox.js';
export { currentShare, type Share, withRowsPerImage, withShare } from '../share.js';
export { dependsOn, onEachCall, onRollback, refuseInside, setsItself, unrecorded } from './active.js';
