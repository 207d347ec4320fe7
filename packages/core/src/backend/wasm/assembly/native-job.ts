/** Jobs of another module on the same memory: it computes convolutions by products of a library. */
import { setWord } from './control';
import { isShared } from './gemm-native';
import { dispatch } from './pool';

// @ts-ignore: decorator
@external('env', 'job')
declare function job(thread: i32, chunk: i32): void;

function runChunk(thread: i32, chunk: i32): void {
  job(thread, chunk);
}

/**
 * Runs all chunks of a job, on the calling thread alone if the others cannot call the library.
 * @param nanoseconds - estimated time on one thread
 * @param kind - which job, and its parameters: see convolution-native.ts
 */
export function runNative(
  chunks: usize, nanoseconds: usize, kind: usize, out: usize, left: usize, right: usize, bias: usize, spec: usize, workspace: usize,
): void {
  setWord(0, kind); setWord(1, out); setWord(2, left); setWord(3, right); setWord(4, bias); setWord(5, spec);
  setWord(6, workspace);
  dispatch(runChunk, <i32>chunks, isShared ? <f64>nanoseconds : 0);
}
