import { ArgumentError, formatShape, sameShape, type Tensor, VarigradError } from '@varigrad/core';
import { checkAmount, checkWhole, describeValue, isArrayOf, isPlainObject } from '@varigrad/core/checks';
import { checkStateDict, type StateDict } from '../state-dict.js';

/** The state of an optimizer as plain data. The tensors are named `<slot>.<index of the parameter>`. */
export interface OptimizerState {
  /** The optimizer's `kind`: a state is loaded into the same kind only. */
  kind: string;
  /** Steps taken. */
  step: number;
  /** Updates of each parameter: the steps at which it had a gradient. Missing in older states: `step` for each parameter with tensors. */
  updates?: readonly number[];
  learningRate: number;
  /** Missing in older states: the current rate. */
  initialLearningRate?: number;
  tensors: StateDict;
}

/** What a state must fit. */
interface Owner {
  readonly kind: string;
  readonly parameters: readonly Tensor[];
  readonly slotNames: readonly string[];
}

/**
 * Checks a state before anything of it is used, and completes one of an older version.
 * @throws VarigradError if it is of another kind or for other parameters; ArgumentError if it is not an optimizer's state
 */
export function checkOptimizerState(state: OptimizerState, owner: Owner): Required<OptimizerState> {
  const op = 'loadStateDict';
  if (!isPlainObject(state) || !isPlainObject(state.tensors))
    throw new ArgumentError(
      op,
      `the state must be what the optimizer's stateDict() returned, found ${describeValue(state)}`,
    );
  const { kind, step, learningRate, initialLearningRate = learningRate, tensors } = state;
  if (kind !== owner.kind)
    throw new VarigradError(op, `the state is for '${kind}', and this optimizer is '${owner.kind}'`);
  checkWhole(op, 'step', step, 0);
  for (const [name, rate] of Object.entries({ learningRate, initialLearningRate }))
    checkAmount(op, name, rate);
  checkStateDict(op, tensors, 'what stateDict() returned');
  const updates = state.updates ?? updatesOf(state, owner);
  checkUpdates(updates, step, owner.parameters.length);
  checkTensors(tensors, updates, owner);
  return { kind, step, updates, learningRate, initialLearningRate, tensors };
}

/** The updates of each parameter in a state that counts only steps: 0 if the others have tensors, and this one has none. */
function updatesOf({ step, tensors }: OptimizerState, { parameters, slotNames }: Owner): number[] {
  const isEmpty = Object.keys(tensors).length === 0;
  return parameters.map((_, place) =>
    isEmpty || slotNames.every((name) => `${name}.${place}` in tensors) ? step : 0,
  );
}

function checkUpdates(updates: readonly number[], step: number, parameters: number): void {
  const isCount = (count: unknown): boolean =>
    Number.isInteger(count) && (count as number) >= 0 && (count as number) <= step;
  if (isArrayOf(updates, isCount) && updates.length === parameters) return;
  throw new VarigradError(
    'loadStateDict',
    `updates must be ${parameters} whole numbers, one per parameter, from 0 to step, ${step}, found ${describeValue(updates)}`,
  );
}

/** The tensors must be those of the updated parameters: all of them, and no others. */
function checkTensors(
  tensors: StateDict,
  updates: readonly number[],
  { kind, parameters, slotNames }: Owner,
): void {
  const known = new Map(
    parameters.flatMap(({ shape }, place) => slotNames.map((name) => [`${name}.${place}`, shape])),
  );
  for (const [key, { shape }] of Object.entries(tensors)) {
    const expected = known.get(key);
    if (expected !== undefined && sameShape(expected, shape)) continue;
    const found =
      expected === undefined
        ? `this '${kind}' of ${parameters.length} parameters has no such tensor`
        : `the parameter ${formatShape(expected)}`;
    throw new VarigradError('loadStateDict', `'${key}' has shape ${formatShape(shape)}, ${found}`);
  }
  const missing = updates.flatMap((count, place) =>
    count === 0 ? [] : slotNames.map((name) => `${name}.${place}`).filter((key) => !(key in tensors)),
  );
  if (missing.length > 0)
    throw new VarigradError('loadStateDict', `missing: ${missing.join(', ')} — nothing was loaded`);
}
