import { checkArray, checkFunction, pairsOf, refusePromise } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { type Recorder, withRecorder } from '../recorder.js';
import type { Tensor } from '../tensor.js';
import { checkGraph, type Graph } from './graph.js';
import { type Modules, ModuleWatch } from './modules.js';
import type { Names } from './trace.js';

/** The cost of one kind of operation in one module. */
export interface ProfileEntry {
  op: string;
  /** The module of the operation, `encoder.mu`; '' without one, or if neither names nor modules were given. */
  module: string;
  phase: 'forward' | 'backward';
  calls: number;
  milliseconds: number;
  /** Total bytes of the results. */
  bytes: number;
}

/** Options of `profile`. */
export interface ProfileOptions {
  /** A model's `namedParameters()`: an operation belongs to the module of its parameters. */
  names?: Names;
  /** A model's `namedModules()`: an operation belongs to the module whose method called it. */
  modules?: Modules;
}

const PROFILE_OPTIONS: OptionNames<ProfileOptions> = { names: true, modules: true };

/** Sums of costs by pass, module and operation. */
class Entries {
  readonly #entries: Map<string, ProfileEntry> = new Map();

  add({ op, module, phase, calls, milliseconds, bytes }: ProfileEntry): void {
    const key = `${phase} ${module} ${op}`;
    const entry = this.#entries.get(key) ?? { op, module, phase, calls: 0, milliseconds: 0, bytes: 0 };
    entry.calls += calls;
    entry.milliseconds += milliseconds;
    entry.bytes += bytes;
    this.#entries.set(key, entry);
  }

  /** Entries, the most expensive first. */
  list(): ProfileEntry[] {
    return [...this.#entries.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }
}

/**
 * Runs `f` and returns how often each operation ran, forward and backward, and how long it took, the most expensive first.
 * Time between operations is not counted. `formatProfile` prints a table, `toFlameSVG` draws a flame graph.
 */
export function profile(f: () => unknown, options: ProfileOptions = {}): ProfileEntry[] {
  checkFunction('profile', f);
  checkOptions('profile', options, PROFILE_OPTIONS, 'f, ');
  const entries = new Entries();
  const named = pairsOf('profile', 'names', options.names ?? [], 'a tensor');
  const called = pairsOf('profile', 'modules', options.modules ?? [], 'a module');
  const names = new Map(named.map(([name, tensor]) => [tensor, name]));
  const watch = new ModuleWatch();
  const modules = new WeakMap<Tensor, string>();
  const recorder: Recorder = {
    operation: ({ op, inputs, out, milliseconds }) => {
      const owner = inputs.map((input) => names.get(input) ?? '').find((name) => name.includes('.')) ?? '';
      const module = watch.current || owner.replace(/\.[^.]*$/, '');
      modules.set(out, module);
      entries.add({ op, module, phase: 'forward', calls: 1, milliseconds, bytes: 4 * out.size });
    },
    gradient: ({ op, out, gradient, milliseconds }) => {
      const module = modules.get(out) ?? '';
      entries.add({ op, module, phase: 'backward', calls: 1, milliseconds, bytes: 4 * gradient.size });
    },
  };
  watch.run(called, () => withRecorder(recorder, () => refusePromise('profile', f())));
  return entries.list();
}

/** The profile of a traced graph. Tracing reads every value, so caches are colder than in a plain run. */
export function profileOf(graph: Graph): ProfileEntry[] {
  checkGraph('profileOf', graph);
  const entries = new Entries();
  for (const {
    op,
    module,
    bytes,
    milliseconds,
    backwardMilliseconds,
    inputs,
    inputGradients,
  } of graph.nodes) {
    if (op === 'leaf') continue;
    entries.add({ op, module, phase: 'forward', calls: 1, milliseconds, bytes });
    const sent = inputs.filter((_, i) => inputGradients[i] !== null);
    if (sent.length === 0) continue;
    entries.add({
      op,
      module,
      phase: 'backward',
      calls: sent.length,
      milliseconds: backwardMilliseconds,
      bytes: sent.reduce((sum, id) => sum + (graph.nodes[id]?.bytes ?? 0), 0),
    });
  }
  return entries.list();
}

/** A profile as a table, with a column of modules if the profile has any. */
export function formatProfile(entries: readonly ProfileEntry[]): string {
  checkArray('formatProfile', 'the entries', entries);
  const total = entries.reduce((sum, entry) => sum + entry.milliseconds, 0);
  const modules = entries.some(({ module }) => module !== '');
  const rows = entries.map(({ op, module, phase, calls, milliseconds, bytes }) => [
    ...(modules ? [module] : []),
    op,
    phase,
    String(calls),
    milliseconds.toFixed(3),
    `${((100 * milliseconds) / (total || 1)).toFixed(1)}%`,
    (bytes / 2 ** 20).toFixed(2),
  ]);
  const head = [...(modules ? ['module'] : []), 'operation', 'pass', 'calls', 'ms', 'share', 'MiB'];
  const table = [head, ...rows];
  const texts = head.indexOf('calls');
  const widths = head.map((_, c) => Math.max(...table.map((row) => (row[c] as string).length)));
  const line = (row: string[]) =>
    row.map((cell, c) => (c < texts ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)));
  return table.map((row) => line(row).join('  ')).join('\n');
}
