/** The functions that TypeScript calls. */
export { convolve } from './convolution';
export { convolveFew } from './convolution-few';
export { convolveWeight } from './convolution-weight';
export { gemm, gemmWorkspace } from './gemm';
export {
  runAdam,
  runBinary,
  runBinaryRows,
  runCopy,
  runFill,
  runNormal,
  runOverlapAdd,
  runReduceColumns,
  runReduceRows,
  runStrided,
  runUnary,
  runUniform,
  runWhere,
} from './jobs';
export { copyRows, gather, indexAdd, indexSelect, scatterAdd } from './movement';
export { failedWorkers, failWorker, readyWorkers, setThreadLimit, workerLoop } from './pool';
export { argmax, cumsum } from './reduce';
export { sgd } from './update';
