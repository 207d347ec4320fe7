export { binaryRows, unaryRows } from '../functions/table.js';
export { assertClose, type Closeness, type Comparable } from './assert-close.js';
export { type BackendDifference, type CompareOptions, compareBackends } from './compare-backends.js';
export { GradcheckError, type GradcheckOptions, gradcheck } from './gradcheck.js';
export type { Grid } from './naive.js';
export { definitionOf, type Evaluator, evaluator } from './notation.js';
export { type CaseOptions, caseInputs, type InputSpec, type OpCase, opCase, toTensor } from './op-case.js';
export { edgeCases, opCases } from './op-cases.js';
