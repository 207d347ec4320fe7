/** For code that has settings of its own and runs inside compiled functions: optimizers, layers, training loops. */
export { dependsOn, onEachCall, onRollback, refuseInside, setsItself, unrecorded } from './active.js';
