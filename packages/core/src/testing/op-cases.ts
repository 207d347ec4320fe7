import { convolutionCases } from './cases/convolution.js';
import { maskedCases, specialCases } from './cases/edges.js';
import { elementwiseCases } from './cases/elementwise.js';
import { indexingCases } from './cases/indexing.js';
import { linearCases } from './cases/linear.js';
import { matmulCases } from './cases/matmul.js';
import { movementCases } from './cases/movement.js';
import { pieceCases } from './cases/pieces.js';
import { poolingCases } from './cases/pooling.js';
import { einsumCases, normCases } from './cases/products.js';
import { argmaxCases, cumsumCases, reductionCases, softmaxCases, sumToSizeCases } from './cases/reduce.js';
import type { OpCase } from './op-case.js';

/** The table of cases of every public operation. The tests of all backends run it. */
export const opCases: readonly OpCase[] = [
  ...elementwiseCases,
  ...reductionCases,
  ...argmaxCases,
  ...softmaxCases,
  ...cumsumCases,
  ...sumToSizeCases,
  ...normCases,
  ...einsumCases,
  ...matmulCases,
  ...movementCases,
  ...pieceCases,
  ...indexingCases,
  ...linearCases,
  ...convolutionCases,
  ...poolingCases,
];

/** Special values for every elementwise function, and every differentiable operation behind a mask at special values. */
export const edgeCases: readonly OpCase[] = [...specialCases, ...maskedCases(opCases)];
