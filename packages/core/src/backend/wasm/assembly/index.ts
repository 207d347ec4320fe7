/** The functions that TypeScript calls. */
export { gemm, gemmWorkspace } from './gemm';
export { setNative } from './gemm-native';
export { setWide } from './gemm-wide';
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
