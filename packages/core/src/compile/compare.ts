/** Compares two recordings of the same function: what differs is no constant. */
import type { Argument, Call, HostArray } from '../backend/backend.js';
import { isSlot, slotsOf } from '../backend/program/program.js';
import type { Recording } from './recording.js';
import type { RecordedCall } from './variant.js';

/** What differs between two recordings, in words for a message. */
export interface Difference {
  /** 'kernels': other kernels run, or on other arrays. 'number': the same kernels with other numbers. */
  readonly kind: 'kernels' | 'number';
  readonly text: string;
}

/** The first difference between a recorded call and the one before it; null if there is none. */
export function differenceOf(earlier: RecordedCall, later: RecordedCall): Difference | null {
  const [before, now] = [earlier.recording, later.recording];
  for (const [i, call] of now.calls.entries()) {
    const other = before.calls[i];
    if (other === undefined) return kernels(`${at(call)} is new`);
    const found = callDifference(other, call) ?? stateDifference(before, now, call);
    if (found !== null) return found;
  }
  const missing = before.calls[now.calls.length];
  if (missing !== undefined) return kernels(`${at(missing)} is missing`);
  if (now.actions.length !== before.actions.length)
    return kernels('the steps of optimizers or the draws of generators differ');
  return constantDifference(before, now) ?? endDifference(earlier, later);
}

const kernels = (text: string): Difference => ({ kind: 'kernels', text });

/** 'mul at train.ts:12' */
export function at({ op, kernel, source }: Call): string {
  const place = String(source);
  return `${op === '' ? kernel : op}${place && ` at ${place}`}`;
}

function callDifference(before: Call, now: Call): Difference | null {
  if (now.kernel !== before.kernel) return kernels(`${at(now)} took the place of ${at(before)}`);
  if (now.args.length !== before.args.length) return kernels(`${at(now)} has other operands`);
  for (const [i, argument] of now.args.entries()) {
    const found = argumentDifference(before.args[i]!, argument);
    if (found === 'kernels') return kernels(`${at(now)} has other operands or shapes`);
    if (found !== null) return { kind: 'number', text: `${at(now)}: ${found}` };
  }
  return null;
}

/** The difference of two numbers in words, 'kernels' for operands and shapes, or null. */
function argumentDifference(before: Argument, now: Argument): string | null {
  if (Object.is(before, now)) return null;
  if (typeof now === 'number' && typeof before === 'number') return `${now} was ${before} in the call before`;
  if (typeof before !== 'object' || typeof now !== 'object' || before === null || now === null)
    return 'kernels';
  const [left, right] = [Object.entries(before), Object.entries(now)];
  if (left.length !== right.length) return 'kernels';
  for (const [i, [name, value]] of right.entries()) {
    const [otherName, other] = left[i]!;
    const found = name === otherName ? argumentDifference(other as Argument, value as Argument) : 'kernels';
    if (found !== null) return isSlot(now) || Array.isArray(now) ? 'kernels' : found;
  }
  return null;
}

/** Both calls must read the same tensors from outside. */
function stateDifference(before: Recording, now: Recording, call: Call): Difference | null {
  for (const slot of slotsOf(call)) {
    const [own, other] = [now.states.get(slot), before.states.get(slot)];
    if (own === undefined && other === undefined) continue;
    const same = own?.storage === other?.storage && (own?.storage !== null || own.values === other?.values);
    if (!same)
      return {
        kind: 'number',
        text: `${at(call)}: an operand from outside is another tensor than in the call before`,
      };
  }
  return null;
}

function constantDifference(before: Recording, now: Recording): Difference | null {
  for (const [slot, numbers] of now.constants) {
    const place = firstDifference(before.constants.get(slot), numbers);
    if (place === -1) continue;
    const call = now.calls.find((candidate) => slotsOf(candidate).includes(slot));
    if (call === undefined) continue;
    const earlier = before.constants.get(slot)?.[place];
    return { kind: 'number', text: `${at(call)}: ${numbers[place]} was ${earlier} in the call before` };
  }
  return null;
}

function firstDifference(before: HostArray | undefined, now: HostArray): number {
  return now.findIndex((value, i) => !Object.is(value, before?.[i]));
}

/** Both calls must return the same values, and change the gradients of the same tensors. */
function endDifference(before: RecordedCall, now: RecordedCall): Difference | null {
  if (now.results.join() !== before.results.join()) return kernels('other tensors are returned');
  const same =
    now.gradients.length === before.gradients.length &&
    now.gradients.every(({ target }, i) => target === before.gradients[i]!.target);
  return same ? null : kernels('the gradients of other tensors change');
}
