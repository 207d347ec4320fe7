/** Watching the engine at work: who wants to know registers a recorder; when nobody does, it costs one comparison. */
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

/** Is told of every operation and of every gradient, as they happen. */
export interface Recorder {
  operation(record: OperationRecord): void;
  gradient(record: GradientRecord): void;
}

let active: Recorder | null = null;

/** The recorder that listens at present. */
export function activeRecorder(): Recorder | null {
  return active;
}

/** Lets a recorder listen from now on, or nobody. @internal see `debug` */
export function setRecorder(recorder: Recorder | null): void {
  active = recorder;
}

/** Runs `f` with a recorder listening (or with none), and returns to the one before. */
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
