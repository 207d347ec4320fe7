/** The body of the training loop whose bits do not depend on the number of processes. */
import { ArgumentError, type HostArray, type Tensor, updateInPlace, zeros } from '@varigrad/core';
import type { Group } from '@varigrad/core/mpi';
import { compileStep } from './compiled.js';
import { packElbo } from './meter.js';
import {
  type BodyOptions,
  type InputsOf,
  inShare,
  type StepBody,
  shareOf,
  stepLosses,
  unpackElbo,
} from './train-body.js';
import { applyGradients, computeGradients, type StepInputs } from './train-step.js';
import { generatorsOf, restoreAll, statesOf } from './training-failure.js';

/**
 * Every batch is cut into `shards` shares, which are computed one after another. Losses, gradients and changed buffers, such as running
 * statistics, have the weight of their share. They are summed in pairs, then the sums in pairs, and so on.
 * @param group - the processes; each has the same number of shards
 */
export function shardedBody(options: BodyOptions, shards: number, group?: Group): StepBody {
  const { model, step, isWatched, obstacle } = options;
  const { rank, size } = group ?? { rank: 0, size: 1 };
  const count = shards / size;
  const { parameters } = step.optimizer;
  const tree = new PairSums(count, group);
  const gradient = compileStep(
    (inputs: StepInputs) => ({ values: packElbo(computeGradients(model, inputs, step)) }),
    obstacle,
  );
  const update = compileStep(({ losses }: { losses: Tensor }) => {
    applyGradients(step);
    return stepLosses(unpackElbo(losses), isWatched);
  }, obstacle);

  /** Leaves the sums over all shards in the gradients and the buffers. @returns the losses, `[3]` */
  const gradients = (total: number, inputs: InputsOf, compute: (inputs: StepInputs) => Tensor): Tensor => {
    const before = statesOf([
      ...generatorsOf(model),
      ...(step.generator === undefined ? [] : [step.generator]),
    ]);
    const buffers = Array.from(model.namedBuffers(), ([, buffer]) => buffer);
    const saved = buffers.map((buffer) => buffer.clone());
    const versions = parameters.map(({ storage }) => storage.version);
    let trained: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      restoreAll(before); // each share draws its rows of the batch's numbers
      const share = shareOf(total, rank * count + i, shards, null);
      const losses = inShare(share, inputs, compute);
      const changed = buffers.map((buffer) => buffer.mul(share.size / share.total));
      trained = parameters.filter((parameter) => parameter.peekGrad() !== null);
      tree.add([losses, ...changed, ...trained.map((parameter) => parameter.peekGrad()!)]);
      for (const parameter of parameters) parameter.zeroGrad();
      buffers.forEach((buffer, at) => {
        buffer.assign(saved[at]!);
      });
    }
    if (parameters.some(({ storage }, at) => storage.version !== versions[at])) throw changesWeights();
    const [losses, ...sums] = tree.total() as [Tensor, ...Tensor[]];
    buffers.forEach((buffer, at) => {
      buffer.assign(sums[at]!);
    });
    trained.forEach((parameter, at) => {
      parameter.grad = sums[buffers.length + at]!;
    });
    return losses;
  };
  return {
    gradients: (total, inputs) =>
      unpackElbo(gradients(total, inputs, (own) => packElbo(computeGradients(model, own, step)))),
    run(total, inputs) {
      const losses = gradients(total, inputs, (own) => gradient.run(own).values);
      const result = update.run({ losses });
      for (const parameter of parameters) parameter.grad = null; // the memory belongs to the sums
      return result;
    },
    get execution() {
      return gradient.execution;
    },
    dispose() {
      gradient.dispose();
      update.dispose();
      tree.dispose();
    },
  };
}

function changesWeights(): ArgumentError {
  return new ArgumentError(
    'fit',
    'deterministic: this model changes its parameters from the images of a batch, such as unused vectors of a codebook, and a shard has only some of them — leave out deterministic, or restartBelow: 0 for a VQ-VAE',
  );
}

/** Sums lists of tensors of the same shapes: in pairs, then the sums in pairs, and so on. */
class PairSums {
  /** Most times that sums of this process can be paired before they meet those of another process. */
  readonly #levels: number;
  readonly #group: Group | undefined;
  /** Memory for sums; the first `#filled` ones hold some. */
  readonly #sums: Tensor[][] = [];
  #filled = 0;
  #added = 0;

  /** @param count - number of lists of this process */
  constructor(count: number, group: Group | undefined) {
    this.#group = group;
    this.#levels = group === undefined ? Number.POSITIVE_INFINITY : Math.log2(count & -count);
  }

  add(tensors: readonly Tensor[]): void {
    if (this.#filled === this.#sums.length) this.#sums.push(tensors.map(resident));
    this.#sums[this.#filled++]!.forEach((target, i) => {
      target.assign(tensors[i]!);
    });
    let pairs = ++this.#added;
    for (let level = 0; level < this.#levels && pairs % 2 === 0; level++) {
      this.#join();
      pairs /= 2;
    }
  }

  /** The sums of all lists. The memory is used again after the next `add`. */
  total(): readonly Tensor[] {
    if (this.#group === undefined) while (this.#filled > 1) this.#join();
    else {
      const parts = this.#sums.slice(0, this.#filled);
      this.#group.sumInOrder(parts.map((list) => list.map(({ values }) => values as HostArray)));
    }
    this.#filled = 0;
    this.#added = 0;
    return this.#sums[0]!;
  }

  dispose(): void {
    for (const t of this.#sums.flat()) t.dispose();
  }

  /** Adds the last sum to the one before. */
  #join(): void {
    const source = this.#sums[--this.#filled]!;
    this.#sums[this.#filled - 1]!.forEach((target, i) => {
      updateInPlace([target], (k) => k.accumulate(target.values, source[i]!.values));
    });
  }
}

/** Zeros of the same shape, in memory that stays. */
function resident({ shape }: Tensor): Tensor {
  const own = zeros(shape);
  own.storage.persist();
  return own;
}
