/** What the processes of a training compare and agree on. */
import {
  ArgumentError,
  type Backend,
  Generator,
  randn,
  type Tensor,
  VarigradError,
  withBackend,
} from '@varigrad/core';
import type { Group } from '@varigrad/core/mpi';
import type { Optimizer } from '@varigrad/nn';
import { type BatchStream, isStream } from './data/batch-stream.js';
import type { Dataset } from './data/dataset.js';
import type { GenerativeModel } from './models/model.js';

/** Steps of an epoch between two comparisons of the weights; the last one is followed by a comparison, too. */
export const COMPARE_EVERY = 500;

/** Whether a condition holds on any of the processes. */
export function onAny(group: Group | undefined, holds: boolean): boolean {
  if (group === undefined) return holds;
  const votes = Float32Array.of(holds ? 1 : 0);
  group.sum([votes]);
  return votes[0]! > 0;
}

/** Text, numbers in words of 32 bits, or arrays of numbers. */
type Content = string | Float32Array | Uint8Array;

/** A number of 64 bits that hardly two different contents share, as 8 bytes: two sums of FNV-1a over words, from two starts. */
export function digestOf(contents: Iterable<Content>): Uint8Array {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const content of contents) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const words = bytes instanceof Float32Array ? bitsOf(bytes) : bytes;
    for (let i = 0; i < words.length; i++) {
      a = Math.imul(a ^ words[i]!, 0x01000193);
      b = Math.imul(b ^ words[i]!, 0x85ebca6b) ^ (b >>> 15);
    }
    a = Math.imul(a ^ words.length, 0x01000193);
    b = Math.imul(b ^ words.length, 0x85ebca6b) ^ (b >>> 15);
  }
  return new Uint8Array(Uint32Array.of(a, b).buffer);
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

/** @throws ArgumentError, on all processes, if one has another content than process 0. @param contents - by what they are */
export function compareContents(group: Group, contents: Readonly<Record<string, readonly Content[]>>): void {
  const names = Object.keys(contents);
  const own = new Uint8Array(8 * names.length);
  names.forEach((name, i) => {
    own.set(digestOf(contents[name]!), 8 * i);
  });
  const all = group.gather(own);
  for (const [rank, theirs] of all.entries()) {
    const other = names.filter((_, i) => !sameBytes(theirs, all[0]!, 8 * i, 8));
    if (other.length === 0) continue;
    throw new ArgumentError(
      'fit',
      `process ${rank} has another ${other.join(' and another ')} than process 0 — start all processes with the same program, options and data`,
    );
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @throws VarigradError, on all processes, if the weights of one differ from those of process 0 */
export function compareWeights(group: Group, model: GenerativeModel, step: number): void {
  const digests = group.gather(digestOf(valuesOf(model)));
  const rank = digests.findIndex((digest) => !sameBytes(digest, digests[0]!, 0, 8));
  if (rank === -1) return;
  throw new VarigradError(
    'fit',
    `after step ${step} the weights of process ${rank} differ from those of process 0 — do not change the model or its inputs on one process alone`,
  );
}

function* valuesOf(model: GenerativeModel): Iterable<Float32Array> {
  for (const [, t] of model.namedTensors()) yield t.values as Float32Array;
}

/** What must be the same on all processes at the start of a training. */
export interface SharedStart {
  readonly model: GenerativeModel;
  readonly optimizer: Optimizer;
  readonly data: { readonly train: Dataset | BatchStream; readonly test: Dataset };
  readonly machine: Backend;
  /** Options as plain data. */
  readonly options: object;
}

/**
 * Gives all processes the weights of process 0, and compares what else must be the same.
 * @throws ArgumentError, on all processes, if something differs
 */
export async function startTogether(group: Group, start: SharedStart): Promise<void> {
  const { model, optimizer, data, machine, options } = start;
  const state = await optimizer.stateDictAsync();
  const slots = Object.entries(state).flatMap(([name, value]) => [
    name,
    value instanceof Object && 'data' in value ? (value.data as Float32Array) : JSON.stringify(value),
  ]);
  compareContents(group, {
    'set of options': [JSON.stringify(options)],
    model: [String(model), ...Array.from(model.namedTensors(), ([name, { shape }]) => `${name} ${shape}`)],
    'optimizer or state of it': [optimizer.kind, String(optimizer.learningRate), ...slots],
    'set of training images': contentOf(data.train),
    'set of test images': contentOf(data.test),
    [`arithmetic (this is ${machine.description}; processors or Node versions may differ)`]: [probe(machine)],
  });
  group.broadcast(Array.from(model.namedTensors(), ([, t]) => t));
}

/** All images, or the number and the shape of those of a stream. */
function contentOf(data: Dataset | BatchStream): Content[] {
  if (isStream(data)) return [`${data.count} ${data.imageShape}`];
  return [String(data.count), data.images, data.labels];
}

/** Values whose last bits depend on the vector instructions and the libraries that compute. */
function probe(machine: Backend): Float32Array {
  return withBackend(machine, () => {
    const generator = new Generator(0);
    const [a, b] = [randn([64, 300], { generator }), randn([300, 64], { generator })];
    const product: Tensor = a.matmul(b).add(a.square().sum()).tanh().exp();
    return Float32Array.from(product.dataSync());
  });
}
