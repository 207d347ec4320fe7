/** `compile`: records the kernels of a function, and replays them. */
import { backend } from '../backend/current.js';
import { checkFunction, checkWhole, describeValue, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, BackendError } from '../errors.js';
import { activeRecorder } from '../recorder.js';
import { runScope } from '../scope.js';
import { Tensor } from '../tensor.js';
import { activeRecording, withRecordingOf } from './active.js';
import { differenceOf } from './compare.js';
import { gradientResults, gradientsBefore } from './gradients.js';
import { ProgramListing } from './listing.js';
import { Recording } from './recording.js';
import { type Tensors, takeApart } from './results.js';
import { hasSignature, type RecordedCall, type Signature, signatureOf, Variant } from './variant.js';

/** Options of `compile`. */
export interface CompileOptions {
  /** Records and compares again at every n-th replay. Default: only the second call of a signature is compared with the first. */
  check?: number;
}

const COMPILE_OPTIONS: OptionNames<CompileOptions> = { check: true };

/** A compiled function. */
export interface Compiled<Args extends readonly Tensor[], Result extends Tensors> {
  (...args: Args): Result;
  /** Number of calls that were recorded. */
  readonly recordings: number;
  /** The program of the latest recording that can be replayed; null before there is one. `String(program)` lists its kernels. */
  readonly program: ProgramListing | null;
  /** Frees the memory of the programs. A later call is an error. */
  dispose(): void;
}

/** Signatures of one function after which a note is printed. */
const MANY_SIGNATURES = 12;

class CompiledFunction {
  readonly #f: (...args: Tensor[]) => unknown;
  readonly #checkEvery: number;
  readonly #variants: Variant[] = [];
  recordings = 0;
  /** Signatures that were recorded, also those that were dropped. */
  #signatures = 0;
  #latest: Variant | null = null;
  #running = false;
  #disposed = false;

  constructor(f: (...args: Tensor[]) => unknown, checkEvery: number) {
    this.#f = f;
    this.#checkEvery = checkEvery;
  }

  get program(): ProgramListing | null {
    const ready = this.#latest?.program;
    return ready === undefined || ready === null ? null : new ProgramListing(ready.program, ready.replay);
  }

  call(args: readonly Tensor[]): Tensors {
    this.#checkCall(args);
    this.#running = true;
    try {
      // A trace needs every operation, and an outer compiled function records the kernels itself.
      if (activeRecorder() !== null || activeRecording() !== null) return this.#plain(args);
      return this.#replayed(args);
    } finally {
      this.#running = false;
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const variant of this.#variants.splice(0)) variant.dispose();
    this.#latest = null;
  }

  #checkCall(args: readonly Tensor[]): void {
    if (this.#disposed)
      throw new ArgumentError('compile', 'the compiled function was disposed — compile the function again');
    if (this.#running)
      throw new ArgumentError(
        'compile',
        'the compiled function calls itself — call the plain function inside of it',
      );
    const machine = backend();
    args.forEach((argument, i) => {
      if (!(argument instanceof Tensor))
        throw new ArgumentError(
          'compile',
          `argument ${i} must be a tensor, found ${describeValue(argument)} — ${typeof argument === 'number' ? 'pass the number as tensor(…)' : 'other values are constants of the function'}`,
        );
      const owner = argument.storage.backend;
      if (owner !== machine && !(owner.memory === 'host' && machine.memory === 'host'))
        throw new BackendError(
          'compile',
          `arguments must be on backend '${machine.name}', found argument ${i} on '${owner.name}' — create all tensors on one backend`,
        );
    });
  }

  #plain(args: readonly Tensor[]): Tensors {
    const { tensors, form } = takeApart(refusePromise('compile', this.#f(...args)));
    return form.build(tensors.map((tensor) => tensor.detach()));
  }

  #replayed(args: readonly Tensor[]): Tensors {
    const variant = this.#find(args);
    if (variant === undefined) return this.#record(args, null);
    const isDue = this.#checkEvery > 0 && variant.replays > 0 && variant.replays % this.#checkEvery === 0;
    if (variant.program === null || isDue || !variant.knows(args)) return this.#record(args, variant);
    return variant.replay(args);
  }

  /** The variant for a call. One whose parameters have moved is dropped. */
  #find(args: readonly Tensor[]): Variant | undefined {
    for (let i = 0; i < this.#variants.length; i++) {
      const variant = this.#variants[i]!;
      if (!hasSignature(args, variant.signature)) continue;
      if (!variant.isCurrent) {
        variant.dispose();
        this.#variants.splice(i--, 1);
      } else if (variant.holds(args)) return variant;
    }
    return undefined;
  }

  /** Runs the function and records its kernels. @param earlier - the variant whose recording must agree */
  #record(args: readonly Tensor[], earlier: Variant | null): Tensors {
    const signature = signatureOf(args);
    this.recordings++;
    if (earlier === null && ++this.#signatures === MANY_SIGNATURES)
      console.warn(
        `compile: ${MANY_SIGNATURES} combinations of shapes and settings were recorded — each runs twice before it is replayed: use few shapes`,
      );
    const recording = new Recording(
      signature.machine,
      args.flatMap(({ values }, i) => (signature.shared[i] === i ? [values] : [])),
    );
    try {
      const { result, recorded } = this.#run(recording, args);
      this.#accept(signature, recorded, args, earlier);
      recording.commit();
      return result;
    } catch (error) {
      recording.rollBack();
      throw error;
    }
  }

  /** Keeps a recorded call. @throws ArgumentError if it differs from the one before */
  #accept(
    signature: Signature,
    recorded: RecordedCall,
    args: readonly Tensor[],
    earlier: Variant | null,
  ): void {
    if (earlier === null) {
      this.#variants.push(new Variant(signature, recorded, args));
      return;
    }
    const difference = differenceOf(earlier.recorded, recorded);
    if (difference !== null)
      throw new ArgumentError(
        'compile',
        difference.kind === 'number'
          ? `a number that changes from call to call is no constant: ${difference.text} — pass it as a tensor`
          : `the function must run the same kernels at each call: ${difference.text} — compile a function for each case`,
      );
    earlier.confirm(recorded, args);
    this.#latest = earlier;
  }

  #run(recording: Recording, args: readonly Tensor[]): { result: Tensors; recorded: RecordedCall } {
    const body = () =>
      withRecordingOf(recording, () => {
        const { tensors, form } = takeApart(refusePromise('compile', this.#f(...args)));
        const own = tensors.map((tensor, i) => {
          const { storage } = tensor;
          const isFirst = tensors.findIndex((other) => other.storage === storage) === i;
          const isFree =
            isFirst && !storage.persistent && storage.gradients === 0 && recording.made(tensor.values);
          return isFree ? tensor.detach() : tensor.detach().clone();
        });
        const results = own.map(({ values }) => recording.slotOf(values)!);
        const gradients = gradientResults(recording, args);
        const before = gradientsBefore(recording, args);
        return { own, result: form.build(own), recorded: { recording, form, results, gradients, before } };
      });
    return runScope(backend(), body, ({ own }) => own.map(({ storage }) => storage));
  }
}

/**
 * Records the kernels that a function of tensors calls, such as a training step, and replays them in later calls, without the tape,
 * allocations, and JavaScript between kernels. Replays give the same bits as the function itself.
 *
 * The first two calls of a signature (backend, shapes, training mode, recording of gradients) run the function, and must agree.
 * Arguments, tensors from outside (parameters, optimizer state), positions of generators, learning rate and step number may change
 * between calls. Every other number is a constant: pass a number that changes as a tensor. JavaScript code in the function does not run
 * in replays, and the function cannot read values. Inside a trace, a profile or `detectAnomaly` the function runs as it is.
 *
 * A call that is refused or fails while it is recorded leaves parameters, gradients, optimizer state and generators as they were.
 * @param f - returns a tensor, an array of tensors, or an object of tensors; a call returns copies without history
 * @throws ArgumentError if f is no function; a call throws if f returns anything else, is asynchronous, reads values, calls itself, or
 * runs other kernels or with other numbers than before
 * @example
 * const step = compile((x: Tensor) => {
 *   const { loss, recon, kl } = model.elbo(x, { generator });
 *   optimizer.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 *   return { loss, recon, kl };
 * });
 */
export function compile<const Args extends readonly Tensor[], Result extends Tensors>(
  f: (...args: Args) => Result,
  options: CompileOptions = {},
): Compiled<Args, Result> {
  checkFunction('compile', f);
  checkOptions('compile', options, COMPILE_OPTIONS, 'f, ');
  const { check } = options;
  if (check !== undefined) checkWhole('compile', 'check', check);
  const own = new CompiledFunction(f as unknown as (...args: Tensor[]) => unknown, check ?? 0);
  const compiled = ((...args: Args) => own.call(args)) as Compiled<Args, Result>;
  return Object.defineProperties(compiled, {
    recordings: { get: () => own.recordings },
    program: { get: () => own.program },
    dispose: { value: () => own.dispose() },
  });
}
