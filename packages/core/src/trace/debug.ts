import { callSite } from '../call-site.js';
import { checkBoolean, checkFunction, pairsOf, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { VarigradError } from '../errors.js';
import { type Recorder, setRecorder, withRecorder } from '../recorder.js';
import type { Tensor } from '../tensor.js';
import type { ArraySummary } from './graph.js';
import { type Modules, ModuleWatch } from './modules.js';
import { describeSummary, summarize } from './summary.js';

/** Where an operation was called. */
interface Place {
  /** File and line; '' if the JavaScript engine gives no stack trace. */
  readonly source: string;
  /** Dotted path of the module whose method called it; '' without one, or if no modules were given. */
  readonly module: string;
}

/** The first NaN or Infinity, with the operation that produced it. */
export class NotFiniteError extends VarigradError {
  override readonly name = 'NotFiniteError';
  readonly phase: 'forward' | 'backward';
  /** Forward: the operands. Backward: ∂loss/∂output, then the operand whose gradient is not finite. */
  readonly inputs: readonly ArraySummary[];
  readonly source: string;
  readonly module: string;

  constructor(
    op: string,
    phase: 'forward' | 'backward',
    inputs: readonly ArraySummary[],
    { source, module }: Place,
  ) {
    const names = phase === 'forward' ? inputs.map((_, i) => `input ${i}`) : ['∂loss/∂output', 'operand'];
    const given = inputs.map((input, i) => `${names[i]}: ${describeSummary(input)}`).join('; ');
    const place = `${module && ` in ${module}`}${source && ` at ${source}`}`;
    super(op, `the ${phase} pass made NaN or Infinity${place} — from finite operands: ${given}`);
    this.phase = phase;
    this.inputs = inputs;
    this.source = source;
    this.module = module;
  }
}

const finite = (t: Tensor): boolean => t.dataSync().every(Number.isFinite);

/** Throws at the first operation that returns a NaN or an Infinity for finite operands. */
class NotFiniteWatch implements Recorder {
  readonly #modules: ModuleWatch | undefined;
  /** Where each result was computed: the stack of the backward pass no longer contains that call. */
  readonly #places: WeakMap<Tensor, Place> = new WeakMap();

  constructor(modules?: ModuleWatch) {
    this.#modules = modules;
  }

  operation({ op, inputs, out }: Parameters<Recorder['operation']>[0]): void {
    const place = { source: callSite(), module: this.#modules?.current ?? '' };
    this.#places.set(out, place);
    if (finite(out) || !inputs.every(finite)) return;
    throw new NotFiniteError(op, 'forward', inputs.map(summarize), place);
  }

  gradient({ op, out, dy, input, gradient }: Parameters<Recorder['gradient']>[0]): void {
    if (finite(gradient) || !finite(dy)) return;
    const place = this.#places.get(out) ?? { source: '', module: '' };
    throw new NotFiniteError(op, 'backward', [dy, input].map(summarize), place);
  }
}

/** Options of `detectAnomaly`. */
export interface AnomalyOptions {
  /** A model's `namedModules()`; the error then also names the module. */
  modules?: Modules;
}

const ANOMALY_OPTIONS: OptionNames<AnomalyOptions> = { modules: true };

/**
 * Runs `f` and throws at the first operation, forward or backward, that returns a NaN or an Infinity for finite operands.
 * Every value is read, which is slow: use it to find a fault, not for training.
 * @throws NotFiniteError naming the operation, the ranges of its operands, the line, and the module
 */
export function detectAnomaly<T>(f: () => T, options: AnomalyOptions = {}): T {
  checkFunction('detectAnomaly', f);
  checkOptions('detectAnomaly', options, ANOMALY_OPTIONS, 'f, ');
  const modules = pairsOf('detectAnomaly', 'modules', options.modules ?? [], 'a module');
  const watch = new ModuleWatch();
  return watch.run(modules, () =>
    withRecorder(new NotFiniteWatch(watch), () => refusePromise('detectAnomaly', f())),
  );
}

/**
 * Switches global checks on or off. With `nan`, every operation from now on is checked as in `detectAnomaly`. Checks are
 * suspended while a trace or a profile is recorded.
 */
export function debug(options: { nan: boolean }): void {
  checkOptions('debug', options, { nan: true });
  checkBoolean('debug', 'nan', options.nan);
  setRecorder(options.nan ? new NotFiniteWatch() : null);
}
