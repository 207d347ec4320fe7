import { ArgumentError, formatShape, type Tensor, withBackend, zeros } from '@varigrad/core';
import { callee, checkAmount, checkTensor, describeValue } from '@varigrad/core/checks';
import { onEachCall, onRollback, refuseInside, unrecorded } from '@varigrad/core/compile';
import { overwrite } from '../state-dict.js';
import { checkOptimizerState, type OptimizerState } from './optimizer-state.js';

/** The parameters as an array, without repetitions. @throws ArgumentError unless they are tensors */
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
  return [...new Set(list)];
}

/** Updates parameters from their gradients. A parameter that is given twice counts once. */
export abstract class Optimizer {
  /** The name of the method, stored with the state. */
  abstract readonly kind: string;
  /** The rate that schedules multiply: the first one of the training. It is saved with the state. */
  initialLearningRate: number;
  /** Steps taken. */
  stepCount = 0;
  readonly parameters: readonly Tensor[];
  readonly #op: string;
  #learningRate = 0;
  /** Updates of each parameter: the steps at which it had a gradient. */
  protected readonly updates: number[];
  /** The tensors of a parameter's state after its first update, as `slot` names them. */
  protected abstract readonly slotNames: readonly string[];
  /** Resident tensors with the shapes of the parameters, named `<slot>.<index of the parameter>`. */
  protected readonly slots: Map<string, Tensor> = new Map();

  /** @param op - the class, for messages. @throws ArgumentError unless there are parameters, all leaves, and the rate is finite and at least 0 */
  constructor(op: string, parameters: Iterable<Tensor>, learningRate: number) {
    this.parameters = listParameters(op, parameters);
    if (this.parameters.length === 0)
      throw new ArgumentError(
        op,
        'there are no parameters to train — parameters() of a module finds tensors and layers in its properties, but not in #private fields',
      );
    const computed = this.parameters.find((p) => !p.isLeaf && !p.retainsGrad);
    if (computed !== undefined)
      throw new ArgumentError(
        op,
        `parameters must be leaves, found a result ${formatShape(computed.shape)} of '${computed.node?.op.name}', which receives no gradient — pass what it was computed from`,
      );
    this.#op = op;
    this.updates = this.parameters.map(() => 0);
    this.learningRate = learningRate;
    this.initialLearningRate = learningRate;
  }

  /** May be changed at any time, for example by a schedule. @throws ArgumentError unless it is finite and at least 0 */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(rate: number) {
    refuseInside('the learning rate is set', 'set it before the call, or inside onEachCall');
    checkAmount(this.#op, 'learningRate', rate);
    this.#learningRate = rate;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    onRollback(() => {
      const before = { steps: this.stepCount, updates: [...this.updates] };
      return () => {
        this.stepCount = before.steps;
        this.updates.splice(0, before.updates.length, ...before.updates);
      };
    });
    const places = [...this.parameters.keys()].filter((place) => this.parameters[place]!.peekGrad() !== null);
    onEachCall(() => {
      this.stepCount++;
      for (const place of places) this.updates[place]!++;
    });
    for (const place of places)
      this.update(this.parameters[place]!, this.parameters[place]!.peekGrad()!, place);
  }

  /**
   * Updates one parameter and its state by `updateInPlace`. Numbers that change from step to step are computed inside `onEachCall`, so
   * that compiled steps compute them anew.
   * @param place - the index of the parameter
   */
  protected abstract update(parameter: Tensor, gradient: Tensor, place: number): void;

  /** Removes the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.zeroGrad();
  }

  /** A tensor of one parameter's state, on the parameter's backend. The first call makes it, with zeros. */
  protected slot(name: string, place: number): Tensor {
    const key = `${name}.${place}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      const { storage, shape } = this.parameters[place]!;
      slot = unrecorded(() => withBackend(storage.backend, () => zeros(shape).persist()));
      this.slots.set(key, slot);
      onRollback(() => () => this.slots.delete(key));
    }
    return slot;
  }

  /** A copy of the state, to save with the weights. On a device, use `stateDictAsync`. */
  stateDict(): OptimizerState {
    const tensors = [...this.slots].map(([name, t]) => [name, { shape: t.shape, data: t.dataSync() }]);
    return { ...this.#settings(), tensors: Object.fromEntries(tensors) };
  }

  /** A copy of the state, on any backend. */
  async stateDictAsync(): Promise<OptimizerState> {
    const settings = this.#settings(); // read before the copies are awaited
    const tensors = [...this.slots].map(async ([name, t]) => [
      name,
      { shape: t.shape, data: await t.data() },
    ]);
    return { ...settings, tensors: Object.fromEntries(await Promise.all(tensors)) };
  }

  #settings(): Omit<OptimizerState, 'tensors'> {
    const { kind, stepCount: step, updates, learningRate, initialLearningRate } = this;
    return { kind, step, updates: [...updates], learningRate, initialLearningRate };
  }

  /**
   * Restores a saved state, all or nothing.
   * @throws VarigradError if it is of another kind or for other parameters; ArgumentError if it is not an optimizer's state
   */
  loadStateDict(state: OptimizerState): void {
    const { kind, parameters, slotNames } = this;
    const { step, updates, learningRate, initialLearningRate, tensors } = checkOptimizerState(state, {
      kind,
      parameters,
      slotNames,
    });
    this.stepCount = step;
    this.learningRate = learningRate;
    this.initialLearningRate = initialLearningRate;
    updates.forEach((count, place) => {
      this.updates[place] = count;
    });
    for (const [key, slot] of this.slots) {
      if (key in tensors) continue;
      slot.dispose();
      this.slots.delete(key);
    }
    for (const [key, saved] of Object.entries(tensors)) {
      const [name, place] = key.split('.') as [string, string];
      overwrite(this.slot(name, Number(place)), saved);
    }
  }
}
