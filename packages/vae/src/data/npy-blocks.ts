/** Reads rows of an npy file in blocks, ahead of their use, in a worker. */
import { Worker } from 'node:worker_threads';
import { VarigradError } from '@varigrad/core';

/** Where the rows are, and what they are. */
export interface NpyRows {
  readonly path: string;
  /** Byte of the first row. */
  readonly start: number;
  /** Values of a row. */
  readonly width: number;
  readonly dtype: 'uint8' | 'float32';
}

/** Some rows of the file as values from 0 to 1. */
export interface Block {
  readonly first: number;
  readonly count: number;
  readonly values: Float32Array;
}

/**
 * The worker: at each message it reads the next block, and sends it without a copy. `workerData` is that of `readBlocks`. Bytes become
 * byte / 255. An error ends the worker, and reaches the reader.
 */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { openSync, readSync } = require('node:fs');
const { path, start, width, dtype, blocks } = workerData;
const rowBytes = width * (dtype === 'uint8' ? 1 : 4);
const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
const file = openSync(path, 'r');
let next = 0;

function read(first, count) {
  const bytes = new Uint8Array(count * rowBytes);
  for (let got = 0; got < bytes.length; ) {
    const n = readSync(file, bytes, got, bytes.length - got, start + first * rowBytes + got);
    if (n === 0) throw new Error('the file ends in row ' + (first + Math.floor(got / rowBytes)));
    got += n;
  }
  return bytes;
}

function unit(bytes, first) {
  const values = dtype === 'uint8' ? new Float32Array(bytes.length) : new Float32Array(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    if (dtype === 'uint8') values[i] = UNIT[bytes[i]];
    else if (!(values[i] >= 0 && values[i] <= 1))
      throw new Error('row ' + (first + Math.floor(i / width)) + ' has the value ' + values[i] + ', expected 0 to 1');
  }
  return values;
}

parentPort.on('message', () => {
  if (next === blocks.length) return parentPort.postMessage(null);
  const { first, count } = blocks[next++];
  const values = unit(read(first, count), first);
  parentPort.postMessage({ first, count, values }, [values.buffer]);
});
`;

/** Blocks that are read before they are asked for. */
const AHEAD = 2;

/**
 * Reads blocks of rows in the given order. The worker ends with the iteration.
 * @throws VarigradError with the path if the file cannot be read, ends early, or has a float outside of [0, 1]
 */
export async function* readBlocks(
  rows: NpyRows,
  blocks: readonly { readonly first: number; readonly count: number }[],
): AsyncGenerator<Block> {
  const worker = new Worker(WORKER, { eval: true, execArgv: [], workerData: { ...rows, blocks } });
  const arrived: (Block | null | Error)[] = [];
  let wake = (): void => {};
  const arrive = (result: Block | null | Error): void => {
    arrived.push(result);
    wake();
  };
  worker.on('message', arrive);
  worker.on('error', arrive);
  worker.on('exit', (code) => arrive(new Error(`its reader exited with code ${code}`)));
  for (let i = 0; i < AHEAD; i++) worker.postMessage('read');
  try {
    for (;;) {
      if (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const result = arrived.shift()!;
      if (result === null) return;
      if (result instanceof Error) throw new VarigradError(rows.path, result.message);
      worker.postMessage('read');
      yield result;
    }
  } finally {
    await worker.terminate();
  }
}
