/** Records the kernel calls of a function while it runs, and how to undo what it does. */
import type { Argument, Backend, Call, HostArray, Kernels, Slot, Values } from '../backend/backend.js';
import { inputBehind, writtenPlaces } from '../backend/program/program.js';
import { type CallSite, callSite, laterCallSite } from '../call-site.js';
import { ArgumentError, BackendError, type Shape } from '../errors.js';
import { type ActiveRecording, type RecordedStorage, type Undo, withRecordingOf } from './active.js';

/** A condition under which the recording may be replayed: `read` returns `found`. */
export interface Condition {
  readonly read: () => unknown;
  readonly found: unknown;
}

/** What the function did with the gradient of a tensor. */
export interface GradientUse {
  /** The gradient before, if the function read it or added to it; 'any' if it set it to null first. */
  readonly before: object | null | 'any';
  changed: boolean;
}

/** Values outside of the function: those of a storage, or an array that was read in another way. */
export interface External {
  readonly storage: RecordedStorage | null;
  readonly values: Values;
}

/** A check of an argument's values. */
export interface InputCheck {
  readonly input: number;
  readonly check: (values: HostArray) => void;
}

export class Recording implements ActiveRecording {
  readonly slots: Slot[] = [];
  readonly calls: Call[] = [];
  /** The numbers of each slot of kind 'constant'. */
  readonly constants: Map<number, HostArray> = new Map();
  /** The origin of each slot of kind 'state'. */
  readonly states: Map<number, External> = new Map();
  /** The parts that run before each replay. */
  readonly actions: (() => unknown)[] = [];
  readonly conditions: Condition[] = [];
  readonly checks: InputCheck[] = [];
  readonly gradients: Map<object, GradientUse> = new Map();
  readonly #machine: Backend;
  readonly #kernels: Kernels;
  readonly #slotOf: Map<Values, number> = new Map();
  readonly #storageOf: Map<Values, RecordedStorage> = new Map();
  readonly #settingOf: Map<object, number> = new Map();
  readonly #known: Set<object> = new Set();
  readonly #undos: Undo[] = [];
  readonly #saved: Set<number> = new Set();
  readonly #unreleased: Values[] = [];
  readonly #copies: Values[] = [];
  /** Values of the host that the function itself set. */
  readonly #ownSettings: Set<() => unknown> = new Set();
  #op = '';
  #source: CallSite = '';

  /** @param inputs - the values of the arguments */
  constructor(machine: Backend, inputs: readonly Values[]) {
    this.#machine = machine;
    for (const values of inputs) this.#slotOf.set(values, this.#addSlot('input', values.length));
    this.#kernels = new Proxy(machine.kernels, {
      get: (kernels, name) => this.#recorded(kernels, name as keyof Kernels),
    });
  }

  kernels(machine: Backend): Kernels {
    if (machine === this.#machine) return this.#kernels;
    throw new BackendError(
      'compile',
      `all operations must run on the backend of the call, '${this.#machine.name}', found one on '${machine.name}' at ${callSite()} — compile a function for each backend`,
    );
  }

  upload(machine: Backend, numbers: ArrayLike<number>): Values {
    const values = machine.upload(numbers);
    const slot = this.#addSlot('constant', values.length);
    this.#slotOf.set(values, slot);
    this.constants.set(slot, Float64Array.from(numbers));
    return values;
  }

  read(storage: RecordedStorage, values: Values): void {
    if (!this.#slotOf.has(values)) this.#storageOf.set(values, storage);
  }

  moved(from: Values, to: Values): void {
    const slot = this.#slotOf.get(from);
    if (slot !== undefined) this.#slotOf.set(to, slot);
    const storage = this.#storageOf.get(from);
    if (storage !== undefined) this.#storageOf.set(to, storage);
  }

  release(machine: Backend, values: Values, undo: Undo): void {
    const slot = this.#slotOf.get(values);
    const kind = slot === undefined ? 'state' : this.slots[slot]!.kind;
    if (kind === 'value' || kind === 'constant') {
      machine.release(values);
      return;
    }
    this.#unreleased.push(values);
    this.#undos.push(undo);
  }

  operation(name: string, inputs: readonly { readonly requiresGrad: boolean }[]): void {
    this.#op = name;
    if (name === '') return;
    this.#source = laterCallSite(this.#source);
    for (const input of inputs) {
      if (this.#known.has(input)) continue;
      this.#known.add(input);
      this.#watch(input);
    }
  }

  /** A tensor from outside takes part in gradients as long as its flag says so. */
  #watch(input: { readonly requiresGrad: boolean }): void {
    const { values } = input as unknown as { values: Values };
    if (this.#isOutside(values)) this.dependsOn(() => input.requiresGrad, input.requiresGrad);
  }

  /** Whether the function neither made nor received the values. */
  #isOutside(values: Values): boolean {
    const slot = this.#slotOf.get(values);
    return slot === undefined || this.slots[slot]!.kind === 'state';
  }

  setFlag(tensor: { requiresGrad: boolean; readonly values: Values }, requiresGrad: boolean): void {
    const before = tensor.requiresGrad;
    this.#known.add(tensor); // the recording does not depend on what the function itself sets
    this.#undos.push(() => {
      tensor.requiresGrad = before;
    });
    if (this.#isOutside(tensor.values))
      this.actions.push(() => {
        tensor.requiresGrad = requiresGrad;
      });
  }

  readGrad(tensor: object, found: object | null): void {
    if (!this.gradients.has(tensor)) this.gradients.set(tensor, { before: found, changed: false });
  }

  changeGrad(tensor: object, zeroed: boolean, undo: Undo): void {
    this.#undos.push(undo);
    const use = this.gradients.get(tensor);
    if (use !== undefined) use.changed = true;
    else this.gradients.set(tensor, { before: zeroed ? 'any' : null, changed: true });
  }

  eachCall<T>(run: () => T): T {
    const setting = this.actions.push(run) - 1;
    const value = withRecordingOf(null, run);
    if (typeof value === 'object' && value !== null) this.#settingOf.set(value, setting);
    return value;
  }

  dependsOn(read: () => unknown, found: unknown): void {
    if (this.#ownSettings.has(read) || this.conditions.some((condition) => condition.read === read)) return;
    this.conditions.push({ read, found });
  }

  sets(read: () => unknown): void {
    this.#ownSettings.add(read);
  }

  check(values: Values, check: (values: HostArray) => void): void {
    const slot = this.#slotOf.get(values);
    const input = slot === undefined ? null : inputBehind(this, slot);
    if (input !== null) this.checks.push({ input, check });
  }

  undo(undo: Undo): void {
    this.#undos.push(undo);
  }

  refuse(what: string, fix: string): never {
    const place = callSite();
    throw new ArgumentError(
      'compile',
      `${what}${place && ` at ${place}`}, inside the compiled function, which replays recorded kernels — ${fix}`,
    );
  }

  /** Whether a kernel of the function made the values. */
  made(values: Values): boolean {
    const slot = this.#slotOf.get(values);
    return slot !== undefined && this.slots[slot]!.kind === 'value';
  }

  /** The slot of values that the function made or received; undefined for other values. */
  slotOf(values: Values): number | undefined {
    return this.#slotOf.get(values);
  }

  /** The slots of kind 'state' that calls change in place. */
  get changedStates(): number[] {
    return [...this.#saved];
  }

  /** Frees what the function gave up. */
  commit(): void {
    for (const values of this.#unreleased) this.#machine.release(values);
    this.#forget();
  }

  /** Restores everything as it was before the function ran. */
  rollBack(): void {
    for (const undo of this.#undos.reverse()) undo();
    this.#forget();
  }

  /** Frees what only the recorded call needed. */
  #forget(): void {
    for (const copy of this.#copies) this.#machine.release(copy);
    this.#copies.length = 0;
    this.#undos.length = 0;
    this.#slotOf.clear();
    this.#storageOf.clear();
    this.#settingOf.clear();
    this.#known.clear();
  }

  #addSlot(kind: Slot['kind'], length: number): number {
    return this.slots.push({ kind, length }) - 1;
  }

  /** A kernel that also adds its call to the recording. */
  #recorded(kernels: Kernels, kernel: keyof Kernels): (...args: unknown[]) => unknown {
    return (...args) => {
      const encoded = args.map((argument) => this.#encode(argument));
      for (const place of writtenPlaces(kernel)) {
        for (const values of [args[place]].flat() as (Values | null)[]) if (values) this.#save(values); // SGD may have no velocity
      }
      const run = kernels[kernel] as (...args: unknown[]) => Values | undefined;
      const made = run.apply(kernels, args);
      const out = made === undefined ? null : this.#addSlot('value', made.length);
      if (made !== undefined && out !== null) this.#slotOf.set(made, out);
      const byOperation = this.#op !== '';
      const source = byOperation ? this.#source : laterCallSite();
      this.calls.push({ kernel, args: encoded, out, op: this.#op || kernel, source });
      return made;
    };
  }

  #encode(argument: unknown): Argument {
    if (argument === undefined) return null;
    if (typeof argument !== 'object' || argument === null) return argument as Argument;
    const setting = this.#settingOf.get(argument);
    if (setting !== undefined) return { setting };
    if (isValues(argument)) return { slot: this.#slotFor(argument) };
    if (isOperand(argument)) return { slot: this.#slotFor(argument.values), shape: [...argument.shape] };
    if (Array.isArray(argument)) return argument.map((item) => this.#encode(item));
    return Object.fromEntries(Object.entries(argument).map(([name, value]) => [name, this.#encode(value)]));
  }

  #slotFor(values: Values): number {
    const known = this.#slotOf.get(values);
    if (known !== undefined) return known;
    const slot = this.#addSlot('state', values.length);
    this.#slotOf.set(values, slot);
    this.states.set(slot, { storage: this.#storageOf.get(values) ?? null, values });
    return slot;
  }

  /** Saves values from outside before their first change. */
  #save(values: Values): void {
    const slot = this.#slotFor(values);
    const { kind, length } = this.slots[slot]!;
    if (kind === 'input')
      this.refuse(
        'an argument is changed in place',
        'use the tensor from outside of the function in place of the argument',
      );
    if (kind !== 'state' || this.#saved.has(slot)) return;
    this.#saved.add(slot);
    const { kernels } = this.#machine;
    const copy = kernels.strided(values, { shape: [length], strides: [1], offset: 0 });
    const { storage } = this.states.get(slot)!;
    const version = storage?.version ?? 0;
    this.#copies.push(copy);
    this.#undos.push(() => {
      kernels.assign(storage === null ? values : storage.values, copy); // the storage may have moved since
      if (storage !== null) storage.version = version;
    });
  }
}

function isValues(argument: object): argument is Values {
  return ArrayBuffer.isView(argument) || 'device' in argument;
}

function isOperand(argument: object): argument is { values: Values; shape: Shape } {
  return 'values' in argument && 'shape' in argument;
}
