/** Training on pairs of given pixels and the rest, with early stopping, and averages over pairs. */
import { compile, type Generator, noGrad, randn, scope, type Tensor, tensor } from '@varigrad/core';
import { Adam, type Module } from '@varigrad/nn';
import type { Pairs } from './split.js';

/** A loss of a batch, a scalar in nats per image. @param eps - noise, `[batch, width]` */
export type Loss = (x: Tensor, y: Tensor, eps: Tensor) => Tensor;

/** What is trained, and how long. */
export interface Training {
  readonly name: string;
  readonly loss: Loss;
  /** Width of the noise of an image. */
  readonly noise: number;
  readonly epochs: number;
  /** The training ends after this many epochs without a better validation loss. */
  readonly patience: number;
  readonly generator: Generator;
}

const BATCH = 128;

/** Rows `order` of the pairs as tensors. */
function batchOf({ x, y, count }: Pairs, order: Uint32Array): [x: Tensor, y: Tensor] {
  const rows = (values: Float32Array): Tensor => {
    const width = values.length / count;
    const taken = new Float32Array(order.length * width);
    order.forEach((row, i) => {
      taken.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return tensor(taken, { shape: [order.length, width] });
  };
  return [rows(x), rows(y)];
}

/** Positions 0 … count − 1 in parts of at most `size`. */
function* parts(order: Uint32Array, size: number): Iterable<Uint32Array> {
  for (let start = 0; start < order.length; start += size) yield order.subarray(start, start + size);
}

/** Trains with Adam 1e-3, and leaves the weights of the best epoch on the validation pairs in the model. @returns the validation loss */
export async function train(
  model: Module,
  pairs: Pairs,
  validation: Pairs,
  training: Training,
): Promise<number> {
  const { name, loss, noise, epochs, patience, generator } = training;
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const step = compile((x: Tensor, y: Tensor, eps: Tensor) => {
    const value = loss(x, y, eps);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return value.detach();
  });
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY, state: model.stateDict() };
  for (let epoch = 1; epoch <= epochs && epoch - best.epoch <= patience; epoch++) {
    const started = performance.now();
    for (const rows of parts(generator.permutation(pairs.count), BATCH))
      scope(() => void step(...batchOf(pairs, rows), randn([rows.length, noise], { generator })));
    const found = await average(validation, 500, (x, y) =>
      loss(x, y, randn([x.shape[0]!, noise], { generator })).expand([x.shape[0]!]),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`  ${name}, epoch ${epoch}: validation ${found.toFixed(2)}  ${seconds} s`);
    if (found < best.loss) best = { epoch, loss: found, state: model.stateDict() };
  }
  step.dispose();
  model.loadStateDict(best.state);
  return best.loss;
}

/** The mean over all pairs of a value of each, `[batch]`. */
export async function average(
  pairs: Pairs,
  batch: number,
  values: (x: Tensor, y: Tensor) => Tensor,
): Promise<number> {
  let total = 0;
  const all = Uint32Array.from({ length: pairs.count }, (_, i) => i);
  for (const rows of parts(all, batch)) {
    const sum = noGrad(() => scope(() => values(...batchOf(pairs, rows)).sum()));
    total += await sum.item();
  }
  return total / pairs.count;
}

/** Values computed from the first `count` pairs, without a tape. */
export function fromFirst(
  pairs: Pairs,
  count: number,
  compute: (x: Tensor, y: Tensor) => Tensor,
): Promise<Float32Array | ArrayLike<number>> {
  const rows = Uint32Array.from({ length: count }, (_, i) => i);
  return noGrad(() => scope(() => compute(...batchOf(pairs, rows)))).data();
}
