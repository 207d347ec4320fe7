/**
 * The recording in progress, if any. The engine calls these functions at every place where a recording must notice something.
 * Without a recording, the cost is one comparison.
 */
import type { Backend, HostArray, Kernels, Values } from '../backend/backend.js';

/** The part of a `Storage` that a recording needs. */
export interface RecordedStorage {
  readonly backend: Backend;
  readonly values: Values;
  readonly disposed: boolean;
  version: number;
}

/** Restores what a function changed. */
export type Undo = () => void;

/** What the engine tells a recording. */
export interface ActiveRecording {
  /** The kernels of the backend, recorded. */
  kernels(machine: Backend): Kernels;
  upload(machine: Backend, values: ArrayLike<number>): Values;
  /** Values were read from a storage. */
  read(storage: RecordedStorage, values: Values): void;
  /** A storage moved its values to other memory. */
  moved(from: Values, to: Values): void;
  /** A storage gave up its values. `undo` returns them. */
  release(machine: Backend, values: Values, undo: Undo): void;
  /** An operation begins, or ends if the name is empty. @param inputs - its tensors */
  operation(name: string, inputs: readonly { readonly requiresGrad: boolean }[]): void;
  /** The function itself is about to set whether a tensor requires a gradient. */
  setFlag(tensor: { requiresGrad: boolean; readonly values: Values }, requiresGrad: boolean): void;
  /** The gradient of a tensor was read. */
  readGrad(tensor: object, found: object | null): void;
  /** The gradient of a tensor changes. @param zeroed - by `zeroGrad` */
  changeGrad(tensor: object, zeroed: boolean, undo: Undo): void;
  /** `run` is called now, and again before each replay. */
  eachCall<T>(run: () => T): T;
  /** The recording holds only as long as `read` returns `found`. */
  dependsOn(read: () => unknown, found: unknown): void;
  /** The function itself sets the value that `read` returns. */
  sets(read: () => unknown): void;
  /** Values of a tensor are checked, and those of an argument again before each replay. */
  check(values: Values, check: (values: HostArray) => void): void;
  undo(undo: Undo): void;
  /** @throws ArgumentError that the function must not do `what` */
  refuse(what: string, fix: string): never;
}

let active: ActiveRecording | null = null;

/** The recording in progress, or null. */
export function activeRecording(): ActiveRecording | null {
  return active;
}

/** Runs `f` with a recording, or with none, and restores the previous one. */
export function withRecordingOf<T>(recording: ActiveRecording | null, f: () => T): T {
  const before = active;
  active = recording;
  try {
    return f();
  } finally {
    active = before;
  }
}

/** The kernels that the engine calls: those of the backend, recorded if a recording is in progress. */
export function kernelsOf(machine: Backend): Kernels {
  return active === null ? machine.kernels : active.kernels(machine);
}

/** `Backend.upload`, recorded as a constant. */
export function uploadTo(machine: Backend, values: ArrayLike<number>): Values {
  return active === null ? machine.upload(values) : active.upload(machine, values);
}

/**
 * Runs a part of a step whose numbers change from call to call, such as the counting of optimizer steps. Inside a compiled function,
 * `run` is called again before each replay, and the object that it returns may be the specification of a kernel.
 */
export function onEachCall<T>(run: () => T): T {
  return active === null ? run() : active.eachCall(run);
}

/**
 * Returns a value of the host that decides which kernels run, such as the training mode of a module. A compiled function replays a
 * recording only if the value is the same.
 */
export function dependsOn<T>(read: () => T): T {
  const found = read();
  active?.dependsOn(read, found);
  return found;
}

/** Tells a recording that its function itself sets the value that `read` returns, so that it does not depend on it. */
export function setsItself(read: () => unknown): void {
  active?.sets(read);
}

/**
 * Registers how to restore what the caller is about to change, in case a compiled function is refused.
 * @param save - saves it and returns a function that restores it; called only while a function is recorded
 */
export function onRollback(save: () => Undo): void {
  active?.undo(save());
}

/** @throws ArgumentError inside a compiled function: it must not do `what` */
export function refuseInside(what: string, fix: string): void {
  active?.refuse(what, fix);
}

/** Runs `f` without recording it: for long-lived values that the first call of a function makes. */
export function unrecorded<T>(f: () => T): T {
  return active === null ? f() : withRecordingOf(null, f);
}
