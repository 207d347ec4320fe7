/** A recorder receives every operation and gradient. Without one, the cost is one comparison per operation. */
import { checkFunction, refusePromise } from './checks/arguments.js';
import type { Tensor } from './tensor.js';

/** An operation after its computation. */
export interface OperationRecord {
  readonly op: string;
  readonly params: unknown;
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  readonly milliseconds: number;
}

/** The gradient of one operation with respect to one of its inputs, after its computation. */
export interface GradientRecord {
  readonly op: string;
  readonly out: Tensor;
  readonly input: Tensor;
  /** Which operand the input is, from 0. */
  readonly index: number;
  /** ∂loss/∂out, the incoming gradient. */
  readonly dy: Tensor;
  /** This operation's part of ∂loss/∂input. Its memory may be released after the call. */
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

/** Sets the recorder, or removes it. @internal see `debug` */
export function setRecorder(recorder: Recorder | null): void {
  active = recorder;
}

/** Runs `f` with a recorder (or with none), and restores the previous one. */
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
