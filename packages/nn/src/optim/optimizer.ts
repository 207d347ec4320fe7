import {
  ArgumentError,
  formatShape,
  sameShape,
  type Tensor,
  tensor,
  VarigradError,
  zeros,
} from '@varigrad/core';
import { callee, checkNumber, checkTensor, describeValue, isPlainObject } from '@varigrad/core/checks';
import type { StateDict } from '../module.js';

/** The state of an optimizer as plain data. The tensors are named `<slot>.<index of the parameter>`. */
export interface OptimizerState {
  /** The optimizer's `kind`: a state is loaded into the same kind only. */
  kind: string;
  /** Steps taken. */
  step: number;
  learningRate: number;
  tensors: StateDict;
}

/** The parameters as an array. @throws ArgumentError unless they are tensors */
export function listParameters(op: string, parameters: Iterable<Tensor>): Tensor[] {
  if (typeof parameters?.[Symbol.iterator] !== 'function')
    throw new ArgumentError(
      op,
      `parameters must be an array of tensors, found ${describeValue(parameters)} — write ${callee(op)}(model.parameters(), …)`,
    );
  const list = [...parameters];
  list.forEach((p, i) => {
    checkTensor(op, p, `parameter ${i}`);
  });
  return list;
}

/** Updates parameters from their gradients. */
export abstract class Optimizer {
  /** The name of the method, stored with the state. */
  abstract readonly kind: string;
  /** May be changed at any time, for example by a schedule. */
  learningRate: number;
  /** Steps taken. */
  stepCount = 0;
  protected readonly parameters: readonly Tensor[];
  /** Resident tensors with the shapes of the parameters, named `<slot>.<index of the parameter>`. */
  protected readonly slots: Map<string, Tensor> = new Map();

  /** @param op - the class, for messages. @throws ArgumentError unless there are parameters and the rate is at least 0 */
  constructor(op: string, parameters: Iterable<Tensor>, learningRate: number) {
    this.parameters = listParameters(op, parameters);
    if (this.parameters.length === 0) throw new ArgumentError(op, 'there are no parameters to train');
    checkNumber(op, 'learningRate', learningRate, learningRate >= 0, 'of at least 0');
    this.learningRate = learningRate;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    this.stepCount++;
    this.parameters.forEach((parameter, place) => {
      const gradient = parameter.peekGrad();
      if (gradient === null) return;
      this.update(parameter, gradient, place);
    });
  }

  /** Updates one parameter and its state by `updateInPlace`. @param place - the index of the parameter */
  protected abstract update(parameter: Tensor, gradient: Tensor, place: number): void;

  /** Removes the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.zeroGrad();
  }

  /** A tensor of one parameter's state. The first call makes it, with zeros. */
  protected slot(name: string, place: number): Tensor {
    const key = `${name}.${place}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = zeros(this.parameters[place]!.shape).persist();
      this.slots.set(key, slot);
    }
    return slot;
  }

  /** A copy of the state, to save with the weights. On a device, use `stateDictAsync`. */
  stateDict(): OptimizerState {
    const tensors = Object.fromEntries(
      [...this.slots].map(([name, t]) => [name, { shape: t.shape, data: t.dataSync() }]),
    );
    return { kind: this.kind, step: this.stepCount, learningRate: this.learningRate, tensors };
  }

  /** A copy of the state, on any backend. */
  async stateDictAsync(): Promise<OptimizerState> {
    const { stepCount, learningRate } = this; // read before the copies are awaited
    const entries = [...this.slots].map(async ([name, t]) => [
      name,
      { shape: t.shape, data: await t.data() },
    ]);
    const tensors = Object.fromEntries(await Promise.all(entries));
    return { kind: this.kind, step: stepCount, learningRate, tensors };
  }

  /**
   * Restores a saved state, all or nothing.
   * @throws VarigradError if it is of another kind or for other parameters; ArgumentError if it is not an optimizer's state
   */
  loadStateDict(state: OptimizerState): void {
    if (!isPlainObject(state) || !isPlainObject(state.tensors))
      throw new ArgumentError(
        'loadStateDict',
        `the state must be what the optimizer's stateDict() returned, found ${describeValue(state)}`,
      );
    if (state.kind !== this.kind) {
      throw new VarigradError(
        'loadStateDict',
        `the state is for '${state.kind}', and this optimizer is '${this.kind}'`,
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
