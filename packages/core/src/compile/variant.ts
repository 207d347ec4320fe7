/** One recorded form of a function: for the shapes of its arguments and the conditions that the recording found. */
import type { Backend, HostArray, Program, Replay, Values } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { simplify } from '../backend/program/simplify.js';
import type { Shape } from '../errors.js';
import { sameShape } from '../shape.js';
import { isGradEnabled } from '../tape.js';
import { type Tensor, wrap } from '../tensor.js';
import { type GradientResult, GradientWriter } from './gradients.js';
import type { Recording } from './recording.js';
import type { ResultForm, Tensors } from './results.js';

/** A call of the function that was recorded. */
export interface RecordedCall {
  readonly recording: Recording;
  readonly form: ResultForm;
  /** The slots of the returned tensors. */
  readonly results: readonly number[];
  readonly gradients: readonly GradientResult[];
  /** The gradients that must be found before a call; null for none. */
  readonly before: readonly { readonly target: Tensor | number; readonly gradient: object | null }[];
}

/** What must be the same for two calls to run the same kernels. */
export interface Signature {
  readonly machine: Backend;
  readonly gradEnabled: boolean;
  readonly shapes: readonly Shape[];
  readonly requireGrad: readonly boolean[];
  /** For each argument, the place of the first argument with the same values. */
  readonly shared: readonly number[];
}

/** The signature of a call on the current backend. */
export function signatureOf(args: readonly Tensor[]): Signature {
  return {
    machine: backend(),
    gradEnabled: isGradEnabled(),
    shapes: args.map(({ shape }) => shape),
    requireGrad: args.map(({ requiresGrad }) => requiresGrad),
    shared: args.map((_, i) => firstWithValues(args, i)),
  };
}

function firstWithValues(args: readonly Tensor[], i: number): number {
  for (let place = 0; place < i; place++) if (args[place]!.values === args[i]!.values) return place;
  return i;
}

/** Whether a call has the signature. Nothing is allocated. */
export function hasSignature(args: readonly Tensor[], signature: Signature): boolean {
  const { machine, gradEnabled, shapes, requireGrad, shared } = signature;
  if (machine !== backend() || gradEnabled !== isGradEnabled() || args.length !== shapes.length) return false;
  for (let i = 0; i < args.length; i++) {
    if (!sameShape(args[i]!.shape, shapes[i]!)) return false;
    if (args[i]!.requiresGrad !== requireGrad[i] || firstWithValues(args, i) !== shared[i]) return false;
  }
  return true;
}

export class Variant {
  readonly signature: Signature;
  /** The latest recorded call. */
  recorded: RecordedCall;
  /** Replays since the recording was last checked. */
  replays = 0;
  /** The memory of each argument, if it was the same in all recorded calls. */
  readonly #same: (object | null)[];
  #ready: Ready | null = null;

  constructor(signature: Signature, recorded: RecordedCall, args: readonly Tensor[]) {
    this.signature = signature;
    this.recorded = recorded;
    this.#same = args.map(({ storage }) => storage);
  }

  /** The program that replays run; null until two recordings agree. */
  get program(): { readonly program: Program; readonly replay: Replay } | null {
    return this.#ready;
  }

  /** Whether the values from outside are where the recording found them. */
  get isCurrent(): boolean {
    for (const { storage, values } of this.recorded.recording.states.values())
      if (storage !== null && (storage.disposed || storage.values !== values)) return false;
    return true;
  }

  /**
   * Whether the recorded calls tell each argument from tensors from outside. One that always had the same memory may be such a tensor:
   * other memory in its place must be recorded first.
   */
  knows(args: readonly Tensor[]): boolean {
    for (let i = 0; i < args.length; i++) {
      const same = this.#same[i]!;
      if (same !== null && same !== args[i]!.storage) return false;
    }
    return true;
  }

  /** Whether the conditions of the recording hold, and no argument is a tensor that it found outside. */
  holds(args: readonly Tensor[]): boolean {
    const { recording, before } = this.recorded;
    for (const { storage } of recording.states.values())
      for (const argument of args) if (argument.storage === storage) return false;
    for (const { read, found } of recording.conditions) if (read() !== found) return false;
    for (const { target, gradient } of before) {
      const tensor = typeof target === 'number' ? args[target]! : target;
      if (tensor.peekGrad() !== gradient) return false;
    }
    return true;
  }

  /** Accepts a recorded call that agrees with the one before, and prepares it for replays. */
  confirm(recorded: RecordedCall, args: readonly Tensor[]): void {
    this.replays = 0;
    args.forEach(({ storage }, i) => {
      if (this.#same[i] !== storage) this.#same[i] = null;
    });
    if (this.#ready !== null) return;
    this.recorded = recorded;
    this.#ready = this.#prepare();
  }

  #prepare(): Ready {
    const { machine, shared } = this.signature;
    const { recording, results, gradients } = this.recorded;
    const made = gradients.flatMap(({ gradient }) => (typeof gradient === 'number' ? [gradient] : []));
    const { slots, calls } = recording;
    const values = new Map<number, Values>();
    for (const [slot, state] of recording.states) values.set(slot, state.values);
    for (const [slot, numbers] of recording.constants)
      values.set(slot, machine.keep(machine.upload(numbers)));
    const { program, bound } = simplify(machine.kernels, {
      program: { slots, calls, results: [...new Set([...results, ...made])] },
      bound: values,
    });
    return {
      program,
      replay: machine.prepare(program, bound),
      writer: new GradientWriter(machine, gradients),
      changed: recording.changedStates.flatMap((slot) => recording.states.get(slot)!.storage ?? []),
      places: shared.flatMap((first, i) => (first === i ? [i] : [])),
      inputs: [],
      settings: [],
    };
  }

  /** Replays the program. @throws an error of a check before anything has changed */
  replay(args: readonly Tensor[]): Tensors {
    const { replay, writer, changed, places, inputs, settings } = this.#ready!;
    const { recording, form, results } = this.recorded;
    for (let i = 0; i < places.length; i++) inputs[i] = args[places[i]!]!.values;
    for (const { input, check } of recording.checks) check(inputs[input] as HostArray);
    for (let i = 0; i < recording.actions.length; i++) settings[i] = recording.actions[i]!();
    writer.before(args);
    replay.run(inputs, settings);
    for (const storage of changed) storage.version++;
    writer.after(args, replay);
    this.replays++;
    return form.build(
      results.map((slot, i) => wrap(replay.take(slot), form.shapes[i]!, this.signature.machine)),
    );
  }

  dispose(): void {
    this.#ready?.writer.keep();
    this.#ready?.replay.dispose();
    this.#ready = null;
  }
}

interface Ready {
  readonly program: Program;
  readonly replay: Replay;
  readonly writer: GradientWriter;
  /** The storages from outside that the program changes in place. */
  readonly changed: readonly { version: number }[];
  /** The places of the arguments, each array of values once. */
  readonly places: readonly number[];
  /** Values of the arguments, and of the actions, in arrays that are used again for each replay. */
  readonly inputs: Values[];
  readonly settings: unknown[];
}
