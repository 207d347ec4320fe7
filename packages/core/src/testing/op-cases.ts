import { binaryCases, whereCases } from './cases/binary.js';
import { convolutionCases } from './cases/convolution.js';
import { fusedCases } from './cases/fused.js';
import { indexingCases } from './cases/indexing.js';
import { matmulCases } from './cases/matmul.js';
import { movementCases } from './cases/movement.js';
import { pieceCases } from './cases/pieces.js';
import { poolingCases } from './cases/pooling.js';
import { argmaxCases, cumsumCases, reductionCases, softmaxCases, sumToSizeCases } from './cases/reduce.js';
import { clampCases, unaryCases } from './cases/unary.js';
import type { OpCase } from './op-case.js';

/** Every public operation in every way that matters: the table that the tests of all backends run through. */
export const opCases: readonly OpCase[] = [
  ...unaryCases,
  ...clampCases,
  ...binaryCases,
  ...whereCases,
  ...reductionCases,
  ...argmaxCases,
  ...softmaxCases,
  ...cumsumCases,
  ...sumToSizeCases,
  ...matmulCases,
  ...movementCases,
  ...pieceCases,
  ...indexingCases,
  ...fusedCases,
  ...convolutionCases,
  ...poolingCases,
];
