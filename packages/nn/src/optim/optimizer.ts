import {
  ArgumentError,
  formatShape,
  sameShape,
  type Tensor,
  tensor,
  VarigradError,
  zeros,
} from '@varigrad/core';
import type { StateDict } from '../module.js';

/** An optimizer's state as plain data: settings, and tensors named `<slot>.<parameter's place>`. */
export interface OptimizerState {
  kind: string;
  step: number;
  learningRate: number;
  tensors: StateDict;
}

/** Changes parameters along their gradients. */
export abstract class Optimizer {
  abstract readonly kind: string;
  /** May be changed at any time, for example by a schedule. */
  learningRate: number;
  /** Steps taken. */
  stepCount = 0;
  protected readonly parameters: readonly Tensor[];
  /** Resident tensors of the parameters' shapes, by name and place. */
  protected readonly slots: Map<string, Tensor> = new Map();

  constructor(op: string, parameters: Iterable<Tensor>, learningRate: number) {
    this.parameters = [...parameters];
    if (this.parameters.length === 0) throw new ArgumentError(op, 'there are no parameters to train');
    if (!(learningRate >= 0))
      throw new ArgumentError(op, `the learning rate ${learningRate} is not a number ≥ 0`);
    this.learningRate = learningRate;
  }

  /** Changes every parameter that has a gradient. */
  step(): void {
    this.stepCount++;
    this.parameters.forEach((parameter, place) => {
      const gradient = parameter.peekGrad();
      if (gradient === null) return;
      this.update(parameter, gradient, place);
    });
  }

  /** Changes one parameter, and its state, by `updateInPlace`. */
  protected abstract update(parameter: Tensor, gradient: Tensor, place: number): void;

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.zeroGrad();
  }

  /** State of one parameter, zeros when first asked for. */
  protected slot(name: string, place: number): Tensor {
    const key = `${name}.${place}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = zeros(this.parameters[place]!.shape).persist();
      this.slots.set(key, slot);
    }
    return slot;
  }

  /** A copy of the state, to be saved with the weights. On a device, use `stateDictAsync`. */
  stateDict(): OptimizerState {
    const tensors = Object.fromEntries(
      [...this.slots].map(([name, t]) => [name, { shape: t.shape, data: t.dataSync() }]),
    );
    return { kind: this.kind, step: this.stepCount, learningRate: this.learningRate, tensors };
  }

  /** A copy of the state, on any backend. */
  async stateDictAsync(): Promise<OptimizerState> {
    const { stepCount, learningRate } = this; // as they are now, not when the copies arrive
    const entries = [...this.slots].map(async ([name, t]) => [
      name,
      { shape: t.shape, data: await t.data() },
    ]);
    const tensors = Object.fromEntries(await Promise.all(entries));
    return { kind: this.kind, step: stepCount, learningRate, tensors };
  }

  /** Takes a saved state over. @throws VarigradError if it is another optimizer's or fits other parameters */
  loadStateDict(state: OptimizerState): void {
    if (state.kind !== this.kind) {
      throw new VarigradError(
        'loadStateDict',
        `the state is of '${state.kind}', this optimizer is '${this.kind}'`,
      );
    }
    for (const [key, { shape }] of Object.entries(state.tensors)) {
      const expected = this.parameters[Number(key.split('.').at(-1))]?.shape;
      if (expected === undefined || !sameShape(expected, shape)) {
        throw new VarigradError(
          'loadStateDict',
          `'${key}' has shape ${formatShape(shape)}, the parameter ${expected === undefined ? 'is missing' : formatShape(expected)}`,
        );
      }
    }
    this.stepCount = state.step;
    this.learningRate = state.learningRate;
    for (const [key, { shape, data }] of Object.entries(state.tensors)) {
      const [name, place] = key.split('.') as [string, string];
      this.slot(name, Number(place)).assign(tensor(data, { shape }));
    }
  }
}
