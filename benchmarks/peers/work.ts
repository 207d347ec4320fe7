/**
 * The input and output of every peer. The parent writes one file with weights, batches, noise and matrices. Each peer reads
 * it in its own process, does the same work, and prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { decodeSafetensors, type StateDict } from '@varigrad/nn';
import { cpuTime } from '../measure.js';

/** The network of the step. */
export type Network = 'dense' | 'convolutional';

/** Names of the layers of the 784-400-20 VAE and of the convolutional VAE: in the file, `NAME.weight` and `NAME.bias`. */
export const LAYERS: Readonly<Record<Network, readonly string[]>> = {
  dense: [
    'encoder.hidden.layers.0',
    'encoder.mu',
    'encoder.logVar',
    'decoder.hidden.layers.0',
    'decoder.out',
  ],
  convolutional: [
    'encoder.hidden.layers.1',
    'encoder.hidden.layers.3',
    'encoder.mu',
    'encoder.logVar',
    'decoder.layers.0',
    'decoder.layers.2',
    'decoder.layers.4',
  ],
};

/** Number of batches in the file; step i uses batch i modulo this. */
export const BATCHES = 4;

/** The matrix products: the names of the operands in the file, and which of them are transposed. */
export const MATMULS: readonly {
  name: string;
  a: string;
  b: string;
  transposeA: boolean;
  transposeB: boolean;
  flops: number;
}[] = [
  {
    name: '128×784 · 784×400',
    a: 'x',
    b: 'w',
    transposeA: false,
    transposeB: false,
    flops: 2 * 128 * 784 * 400,
  },
  {
    name: '(128×784)ᵀ · 128×400',
    a: 'x',
    b: 'g',
    transposeA: true,
    transposeB: false,
    flops: 2 * 128 * 784 * 400,
  },
  {
    name: '128×400 · (784×400)ᵀ',
    a: 'g',
    b: 'w',
    transposeA: false,
    transposeB: true,
    flops: 2 * 128 * 784 * 400,
  },
  { name: '512×512 · 512×512', a: 's', b: 't', transposeA: false, transposeB: false, flops: 2 * 512 ** 3 },
];

/** A peer's answer. Times are in milliseconds. */
export interface Answer {
  /** Name, version and backend. */
  library: string;
  threads: number;
  /** Losses of the first three steps, each before its update. */
  losses: number[];
  steps: number[];
  /** One list of times for each of MATMULS. */
  matmuls: number[][];
}

/** The functions of a peer written in JavaScript. */
export interface Peer {
  library: string;
  threads: number;
  /** Trains on batch `i` and returns the loss in nats per image, read back to the host. */
  step: (batch: number) => number | Promise<number>;
  /** Computes product `i` of MATMULS and waits for its completion. */
  matmul: (i: number) => unknown;
}

/** The tensors of the file that the parent named on the command line. */
export function readWork(): StateDict {
  const [path = ''] = process.argv.slice(2);
  return decodeSafetensors(readFileSync(path), path).tensors;
}

/** Milliseconds: of the processor, if the parent asks for it. */
const now = process.env.CLOCK === 'processor' ? cpuTime : () => performance.now();

/** Calls `run` for about `seconds`, at least three times. @returns the milliseconds of each call */
async function clock(run: (i: number) => unknown, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let i = 0; times.length < 3 || performance.now() < end; i++) {
    const start = now();
    await run(i);
    times.push(now() - start);
  }
  return times;
}

/** Does the work with one library and prints the answer. */
export async function answer(peer: Peer): Promise<void> {
  const [stepSeconds = 2, matmulSeconds = 0.3] = process.argv.slice(3).map(Number);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push(await peer.step(i));
  const steps = await clock((i) => peer.step((3 + i) % BATCHES), stepSeconds);
  const matmuls: number[][] = [];
  for (const i of MATMULS.keys()) {
    for (let warmUp = 0; warmUp < 3; warmUp++) await peer.matmul(i);
    matmuls.push(await clock(() => peer.matmul(i), matmulSeconds));
  }
  const { library, threads } = peer;
  console.log(JSON.stringify({ library, threads, losses, steps, matmuls } satisfies Answer));
}
