/** Watching the engine at work: a recorder receives every operation and gradient. Without one it costs one comparison. */
import { checkFunction, refusePromise } from './checks/arguments.js';
import type { Tensor } from './tensor.js';

/** An operation that has just been computed. */
export interface OperationRecord {
  readonly op: string;
  readonly params: unknown;
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  readonly milliseconds: number;
}

/** A gradient that one operation has just sent to one of its inputs. */
export interface GradientRecord {
  readonly op: string;
  readonly out: Tensor;
  readonly input: Tensor;
  /** Which operand the input is, from 0. */
  readonly index: number;
  /** ∂loss/∂out, which came in. */
  readonly dy: Tensor;
  /** This operation's part of ∂loss/∂input. Its memory may be given back after the call. */
  readonly gradient: Tensor;
  readonly milliseconds: number;
}

/** Receives every operation and every gradient, as they happen. */
export interface Recorder {
  operation(record: OperationRecord): void;
  gradient(record: GradientRecord): void;
}

let active: Recorder | null = null;

/** The recorder in use, or null. */
export function activeRecorder(): Recorder | null {
  return active;
}

/** Uses a recorder from now on, or none. @internal see `debug` */
export function setRecorder(recorder: Recorder | null): void {
  active = recorder;
}

/** Runs `f` with a recorder (or with none), and restores the one before. */
export function withRecorder<T>(recorder: Recorder | null, f: () => T): T {
  checkFunction('withRecorder', f, 'the second argument');
  const before = active;
  active = recorder;
  try {
    return refusePromise('withRecorder', f());
  } finally {
    active = before;
  }
}
