/** The body of the training loop: on this process alone, or on a group of processes that each compute a share of the batch. */
import { type Tensor, tensor } from '@varigrad/core';
import { type Share, withShare } from '@varigrad/core/compile';
import type { Group } from '@varigrad/core/mpi';
import type { Optimizer } from '@varigrad/nn';
import { compileStep, type Execution } from './compiled.js';
import type { Elbo } from './elbo.js';
import { packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import {
  applyGradients,
  computeGradients,
  type StepInputs,
  type StepLosses,
  type StepOptions,
} from './train-step.js';

/** The inputs of a step for a share of its batch; null for the whole batch. */
export type InputsOf = (share: Share | null) => StepInputs;

/** The body of the training loop. */
export interface StepBody {
  /** Computes the losses of a batch, and leaves its gradients in the parameters. @param total - images of the batch */
  gradients(total: number, inputs: InputsOf): Elbo;
  /** A whole step: gradients, and the update of the weights. */
  run(total: number, inputs: InputsOf): StepLosses;
  readonly execution: Execution;
  /** Frees the memory of the programs. */
  dispose(): void;
}

/** What every body needs. */
export interface BodyOptions {
  readonly model: GenerativeModel;
  readonly step: StepOptions;
  /** Whether each loss is needed alone. */
  readonly isWatched: boolean;
  /** Why the step is not compiled; null to compile it. */
  readonly obstacle: string | null;
}

/** Rows `index` of a batch of `total` rows in `count` shares. */
export function shareOf(total: number, index: number, count: number, peers: Share['peers']): Share {
  const start = Math.floor((total * index) / count);
  return { start, size: Math.floor((total * (index + 1)) / count) - start, total, peers };
}

/** The body on this process alone, or on a group. The processes get equal sums, and therefore equal weights. */
export function wholeBody(
  { model, step: options, isWatched, obstacle }: BodyOptions,
  group?: Group,
): StepBody {
  const gradients = (inputs: StepInputs): Elbo => {
    const losses = computeGradients(model, inputs, options);
    return group === undefined ? losses : summed(losses, options.optimizer, group);
  };
  const step = compileStep((inputs: StepInputs): StepLosses => {
    const losses = gradients(inputs);
    applyGradients(options);
    return stepLosses(losses, isWatched);
  }, obstacle);
  const share = (total: number): Share | null =>
    group === undefined ? null : shareOf(total, group.rank, group.size, group);
  return {
    gradients: (total, inputs) => inShare(share(total), inputs, gradients),
    run: (total, inputs) => inShare(share(total), inputs, (own) => step.run(own)),
    get execution() {
      return step.execution;
    },
    dispose: () => step.dispose(),
  };
}

/** Computes something of a share of a batch. */
export function inShare<T>(share: Share | null, inputs: InputsOf, compute: (inputs: StepInputs) => T): T {
  return withShare(share, () => {
    const own = inputs(share);
    if (share === null) return compute(own);
    return compute({ ...own, weight: tensor(share.size / share.total) });
  });
}

/** The losses and gradients of all processes, which have the weight of their share. */
function summed(losses: Elbo, optimizer: Optimizer, group: Group): Elbo {
  const packed = packElbo(losses);
  group.allReduce([packed, ...gradientsOf(optimizer)]);
  return unpackElbo(packed);
}

/** The gradients of the parameters that have one. */
export function gradientsOf({ parameters }: Optimizer): Tensor[] {
  return parameters.flatMap((parameter) => parameter.peekGrad()?.detach() ?? []);
}

/** The scalars of `packElbo`. */
export function unpackElbo(packed: Tensor): Elbo {
  const [loss, recon, kl] = packed.split(1).map((one) => one.reshape([])) as [Tensor, Tensor, Tensor];
  return { loss, recon, kl };
}

/** The losses of a step as the loop needs them. @param isWatched - whether each loss is needed alone */
export function stepLosses(losses: Elbo, isWatched: boolean): StepLosses {
  const values = packElbo(losses);
  if (!isWatched) return { values };
  const { loss, recon, kl } = losses;
  return { values, loss: loss.clone(), recon: recon.clone(), kl: kl.clone() }; // a model may keep its own ones
}
