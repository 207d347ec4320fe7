import { formatShape, Generator, type Tensor, VarigradError } from '@varigrad/core';
import { checkBoolean, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { dependsOn, onEachCall, onRollback, setsItself } from '@varigrad/core/compile';
import { matching } from './matching.js';
import { joined, members, ownTensors } from './members.js';
import { type Names, renameStateDict } from './rename.js';
import { checkStateDict, overwrite, type StateDict } from './state-dict.js';

/** A module's own options, a few words each, for printing. */
export type Description = readonly (string | false)[];

/** Options of `loadStateDict`. */
interface LoadOptions {
  /** Refuse missing and unexpected names. Default true. */
  strict?: boolean;
  /** Rules from the names of the state to those of the module; see `Names`. */
  rename?: Names;
}

const LOAD_OPTIONS: OptionNames<LoadOptions> = { strict: true, rename: true };

/** Modules inside modules. Deeper ones are almost always a mistake, and their names would fill the memory. */
const DEEPEST = 1000;

/**
 * A part of a model. Its tensors and sub-modules are ordinary properties, also in arrays, plain objects, maps and sets, which may be
 * nested. Their names in a state dict are the names of these properties: `blocks.0.weight`. Private fields (`#layer`) are invisible to
 * other classes, so tensors and modules in them are not found.
 *
 * A tensor that requires a gradient is a parameter. Any other is a buffer: saved, but not trained. A tensor or module with several
 * names, such as a tied weight, counts once, under its first name. A tensor that a recorded operation computed, such as an activation
 * or the transpose of a weight, is neither.
 */
export abstract class Module {
  #training = true;
  readonly #readTraining = (): boolean => this.#training;

  /** Whether layers such as Dropout run in training mode; see `train` and `eval`. */
  get training(): boolean {
    return dependsOn(this.#readTraining);
  }

  set training(training: boolean) {
    setsItself(this.#readTraining);
    onRollback(() => {
      const before = this.#training;
      return () => {
        this.#training = before;
      };
    });
    onEachCall(() => {
      this.#training = training;
    });
  }

  /** The modules directly below this one, with their names. */
  *namedChildren(): Iterable<[string, Module]> {
    for (const [name, value] of members(this)) if (value instanceof Module) yield [name, value];
  }

  /**
   * This module and all below it, each once, with their dotted names ('' for this one).
   * @throws VarigradError if modules are nested more than 1,000 deep
   */
  *namedModules(prefix = ''): Iterable<[string, Module]> {
    const seen = new Set<Module>();
    const waiting: [string, Module, number][] = [[prefix, this, 0]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [path, module, depth] = next;
      if (seen.has(module)) continue;
      seen.add(module);
      if (depth > DEEPEST)
        throw new VarigradError(
          'Module',
          `modules must be nested at most ${grouped(DEEPEST)} deep, found '${path.slice(0, 40)}…' — put them side by side, as in a Sequential`,
        );
      yield [path, module];
      const children = Array.from(module.namedChildren(), ([name, child]): (typeof waiting)[0] => [
        joined(path, name),
        child,
        depth + 1,
      ]);
      for (const child of children.reverse()) waiting.push(child);
    }
  }

  /**
   * All tensors, each once, with their dotted names.
   * @throws VarigradError if two tensors have one name, as `m['a.b']` and `m.a.b` have
   */
  *namedTensors(): Iterable<[string, Tensor]> {
    const seen = new Set<Tensor>();
    const names = new Set<string>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, tensor] of ownTensors(module)) {
        if (seen.has(tensor)) continue;
        seen.add(tensor);
        const path = joined(prefix, name);
        if (names.has(path))
          throw new VarigradError('Module', `two tensors are named '${path}' — rename one`);
        names.add(path);
        yield [path, tensor];
      }
    }
  }

  /** The tensors that require a gradient, with their dotted names. */
  *namedParameters(): Iterable<[string, Tensor]> {
    for (const entry of this.namedTensors()) if (entry[1].requiresGrad) yield entry;
  }

  /** The tensors that do not require a gradient, with their dotted names. */
  *namedBuffers(): Iterable<[string, Tensor]> {
    for (const entry of this.namedTensors()) if (!entry[1].requiresGrad) yield entry;
  }

  /** The random generators in the properties of modules, each once, with their dotted names: a run that continues needs their states. */
  *namedGenerators(): Iterable<[string, Generator]> {
    const seen = new Set<Generator>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, value] of members(module)) {
        if (!(value instanceof Generator) || seen.has(value)) continue;
        seen.add(value);
        yield [joined(prefix, name), value];
      }
    }
  }

  /** The tensors that require a gradient, which an optimizer trains. */
  parameters(): Tensor[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /**
   * Switches this module and all below it to training mode, or with `train(false)` to evaluation mode. Returns the module.
   * @throws ArgumentError unless mode is true or false
   */
  train(mode = true): this {
    checkBoolean('train', 'mode', mode);
    for (const [, module] of this.namedModules()) module.training = mode;
    return this;
  }

  /** Switches to evaluation mode, as `train(false)` does. */
  eval(): this {
    return this.train(false);
  }

  /** Removes the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad();
  }

  /** Copies of all parameters and buffers. On a device, use `stateDictAsync`. */
  stateDict(): StateDict {
    return Object.fromEntries(
      Array.from(this.namedTensors(), ([name, t]) => [name, { shape: [...t.shape], data: t.dataSync() }]),
    );
  }

  /** Copies of all parameters and buffers, on any backend. */
  async stateDictAsync(): Promise<StateDict> {
    const entries = Array.from(this.namedTensors(), async ([name, t]) => [
      name,
      { shape: [...t.shape], data: await t.data() },
    ]);
    return Object.fromEntries(await Promise.all(entries));
  }

  /**
   * Overwrites parameters and buffers in place, either all or none. A tensor with several names is saved under the first. It is loaded
   * from any of them, or from several if their values are equal, as PyTorch saves them.
   * @param options - `strict: false` ignores missing and unexpected names, but not shapes that differ
   * @throws StateDictError listing every name that does not match; ArgumentError if the state is not a state dict, or `rename` not rules
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): void {
    checkStateDict('loadStateDict', state, 'what stateDict() returned');
    checkOptions('loadStateDict', options, LOAD_OPTIONS, 'state, ');
    const { strict = true, rename = {} } = options;
    checkBoolean('loadStateDict', 'strict', strict);
    const saved = matching(this, renameStateDict(state, rename), strict);
    for (const [target, values] of saved) overwrite(target, values);
  }

  /** Names of this module's own tensors that a state dict may lack; such a tensor then keeps its values. */
  optionalNames(): readonly string[] {
    return [];
  }

  /** This module's own options, a few words each, for `toString`: `['784 → 400', 'relu']`. `false` is left out. */
  describe(): Description {
    return [];
  }

  /** The tree of layers: names, classes, options and numbers of parameters. Node's console.log prints it. */
  toString(): string {
    const size = sizeOfAll(this.parameters());
    const { text, branches } = branchOf(this, '', new Map());
    const first = `${text} (${grouped(size)} parameter${size === 1 ? '' : 's'})`;
    return [...linesOf({ text: first, branches })].join('\n');
  }
}

Object.defineProperty(Module.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value: Module.prototype.toString,
});

/** A line of text, and the lines below it. */
interface Branch {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** The lines of a tree, as the `tree` command prints folders. @param indent - before the lines below the first */
function* linesOf({ text, branches }: Branch, lead = '', indent = ''): Iterable<string> {
  yield lead + text;
  for (const [i, branch] of branches.entries()) {
    const isLast = i === branches.length - 1;
    yield* linesOf(branch, `${indent}${isLast ? '└─' : '├─'} `, `${indent}${isLast ? '   ' : '│  '}`);
  }
}

/**
 * A module's class and options, its own tensors, and the modules below it.
 * @param printed - paths of the modules whose parts were already printed; they are not printed again
 */
function branchOf(module: Module, path: string, printed: Map<Module, string>): Branch {
  const options = module.describe().filter((words) => words !== false);
  const text = `${module.constructor.name}${options.length === 0 ? '' : `(${options.join(', ')})`}`;
  const children = [...module.namedChildren()];
  if (children.length === 0) {
    const own = Array.from(ownTensors(module), ([, t]) => t).filter((t) => t.requiresGrad);
    return { text: sized(text, path === '' ? 0 : sizeOfAll(new Set(own))), branches: [] };
  }
  const first = printed.get(module);
  if (first !== undefined) return { text: `${text}, the same as ${first || 'the whole'}`, branches: [] };
  printed.set(module, path);
  const leaves = Array.from(ownTensors(module), ([name, t]): Branch => {
    const size = t.requiresGrad ? sized(formatShape(t.shape), t.size) : `buffer ${formatShape(t.shape)}`;
    return { text: `${name}: ${size}`, branches: [] };
  });
  const below = children.map(([name, child]): Branch => {
    const { text: rest, branches } = branchOf(child, joined(path, name), printed);
    return { text: `${name}: ${rest}`, branches };
  });
  return { text, branches: [...leaves, ...below] };
}

function sizeOfAll(tensors: Iterable<Tensor>): number {
  return Array.from(tensors).reduce((sum, { size }) => sum + size, 0);
}

const sized = (text: string, size: number): string => (size === 0 ? text : `${text}  ${grouped(size)}`);

const grouped = (size: number): string => size.toLocaleString('en-US');
