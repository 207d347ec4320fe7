/** Records the kernel calls of a function without side effects. */

import type { HostArray } from '../../backend/backend.js';
import { withBackend } from '../../backend/current.js';
import type { BoundProgram } from '../../backend/program/constants.js';
import { isSetting } from '../../backend/program/program.js';
import { simplify } from '../../backend/program/simplify.js';
import { createReference } from '../../backend/reference/reference.js';
import { checkTensor, refusePromise } from '../../checks/arguments.js';
import { withRecordingOf } from '../../compile/active.js';
import { Recording } from '../../compile/recording.js';
import { zeros } from '../../create.js';
import { ArgumentError, type Shape } from '../../errors.js';
import { noGrad } from '../../tape.js';
import type { Tensor } from '../../tensor.js';

/** The kernel calls of a function. The slots of its arguments are the first ones, in order. */
export interface RecordedFunction extends BoundProgram<HostArray> {
  readonly inputs: readonly Shape[];
  /** The slot of the result. */
  readonly result: number;
}

/**
 * Records the kernels that `f` calls on the reference backend. All tensors from outside become constants, and what depends only on
 * constants is computed once.
 * @param op - the function's name, for messages
 * @throws ArgumentError if the function draws random numbers, changes a tensor in place or reads values; BackendError if a tensor from
 * outside is on a device
 */
export function recordFunction(
  op: string,
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Shape[],
): RecordedFunction {
  const machine = createReference();
  return withBackend(machine, () => {
    const tensors = inputs.map((shape) => zeros(shape));
    const recording = new Recording(
      machine,
      tensors.map(({ values }) => values),
    );
    try {
      const result = withRecordingOf(recording, () => noGrad(() => refusePromise(op, f(...tensors))));
      checkTensor(op, result, 'the value of the function');
      const slot = recording.slotOf(result.values);
      if (slot === undefined)
        throw new ArgumentError(op, 'the function must compute its value from its arguments');
      return { inputs, result: slot, ...boundProgram(op, recording, slot) };
    } finally {
      recording.rollBack();
    }
  });
}

function boundProgram(op: string, recording: Recording, result: number): BoundProgram<HostArray> {
  const { slots, calls, states, constants } = recording;
  const isRandom = calls.some(({ args }) => args.some(isSetting));
  if (isRandom || calls.some(({ out }) => out === null))
    throw new ArgumentError(
      op,
      `the function ${isRandom ? 'draws random numbers' : 'changes a tensor in place'} — compute its value from its arguments alone`,
    );
  const bound = new Map<number, HostArray>(constants);
  for (const [slot, { values }] of states) bound.set(slot, values as HostArray);
  const fixed = slots.map((slot) => (slot.kind === 'state' ? { ...slot, kind: 'constant' as const } : slot));
  const program = { slots: fixed, calls, results: [result] };
  return simplify(createReference().kernels, { program, bound }) as BoundProgram<HostArray>;
}
