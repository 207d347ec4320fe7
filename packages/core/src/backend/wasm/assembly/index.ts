/** The functions that TypeScript calls. */
export { convolve } from './convolution';
export { convolveFew } from './convolution-few';
export { convolveWeight } from './convolution-weight';
export { gemm, gemmWorkspace } from './gemm';
export { setNative } from './gemm-native';
export { setWide } from './gemm-wide';
export {
  runBinary,
  runBinaryRows,
  runChain,
  runCopy,
  runFill,
  runNormal,
  runOverlapAdd,
  runReduceColumns,
  runReduceRows,
  runStrided,
  runSweep,
  runUnary,
  runUniform,
  runWhere,
} from './jobs';
export { runNative } from './native-job';
export { copyRows, gather, indexAdd, indexSelect, scatterAdd } from './movement';
export {
  endProgram,
  failedWorkers,
  failWorker,
  readyWorkers,
  setThreadLimit,
  startProgram,
  workerLoop,
} from './pool';
export { walk } from './program';
export { argmax, cumsum } from './reduce';
