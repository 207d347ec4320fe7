import { stack, type Tensor } from '@varigrad/core';
import type { Elbo } from './elbo.js';

/** −ELBO and its parts as numbers, nats per image. */
export interface Losses {
  loss: number;
  recon: number;
  kl: number;
}

/** Plain state of a `Meter`: sums over images. */
export interface MeterState extends Losses {
  count: number;
}

/** Packs the three scalars of an `elbo` into one tensor `[3]`, which can be read later. */
export function packElbo({ loss, recon, kl }: Elbo): Tensor {
  return stack([loss, recon, kl]).detach();
}

/** Averages losses over images. Each batch is weighted by its size, so a smaller last batch counts correctly. */
export class Meter {
  #sums: MeterState;
  #unread: { values: Tensor; count: number }[] = [];

  constructor(state: MeterState = { loss: 0, recon: 0, kl: 0, count: 0 }) {
    this.#sums = { ...state };
  }

  /** Queues the losses of a batch of `count` images, to be read later. @param values - from `packElbo` */
  add(values: Tensor, count: number): void {
    this.#unread.push({ values, count });
  }

  /** Adds the losses of a batch of `count` images. @param losses - the values of `packElbo` */
  include(losses: ArrayLike<number>, count: number): void {
    this.#sums.loss += losses[0]! * count;
    this.#sums.recon += losses[1]! * count;
    this.#sums.kl += losses[2]! * count;
    this.#sums.count += count;
  }

  /** Number of queued batches. */
  get unread(): number {
    return this.#unread.length;
  }

  /** Reads the queued losses and returns the sums. */
  async state(): Promise<MeterState> {
    const batches = this.#unread.splice(0);
    for (const { values, count } of batches) {
      this.include(await values.data(), count);
      values.dispose();
    }
    return { ...this.#sums };
  }

  /** The averages so far, nats per image. */
  async mean(): Promise<Losses> {
    return averages(await this.state());
  }
}

/** Sums as averages. */
export function averages({ loss, recon, kl, count }: MeterState): Losses {
  return { loss: loss / count, recon: recon / count, kl: kl / count };
}

export function areFinite({ loss, recon, kl }: Losses): boolean {
  return Number.isFinite(loss) && Number.isFinite(recon) && Number.isFinite(kl);
}
