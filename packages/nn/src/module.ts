import {
  ArgumentError,
  formatShape,
  type HostArray,
  type Shape,
  sameShape,
  Tensor,
  tensor,
  VarigradError,
} from '@varigrad/core';
import { checkOptions, describeValue, isPlainObject, type OptionNames } from '@varigrad/core/checks';

/** A tensor's values as plain data. */
export interface TensorData {
  shape: Shape;
  data: HostArray;
}

/** Parameters and buffers by their dotted names, as PyTorch names them: `encoder.mu.weight`. */
export type StateDict = Record<string, TensorData>;

/** A module's own options, a few words each, for printing. */
export type Description = readonly (string | false)[];

/** Options of `loadStateDict`. */
interface LoadOptions {
  /** Refuse missing and unexpected names. Default true. */
  strict?: boolean;
}

const LOAD_OPTIONS: OptionNames<LoadOptions> = { strict: true };

/** A state dict that does not match a module. `missing`, `unexpected` and `mismatched` list the names. */
export class StateDictError extends VarigradError {
  override readonly name = 'StateDictError';
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly mismatched: readonly string[];

  constructor(missing: readonly string[], unexpected: readonly string[], mismatched: readonly string[]) {
    const part = (what: string, names: readonly string[]) =>
      names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
    const problems = [
      ...part('missing', missing),
      ...part('unexpected', unexpected),
      ...part('of another shape', mismatched),
    ];
    super('loadStateDict', `${problems.join('; ')} — nothing was loaded`);
    this.missing = missing;
    this.unexpected = unexpected;
    this.mismatched = mismatched;
  }
}

/**
 * A part of a model. Its tensors and sub-modules are ordinary properties, or arrays of them. Their names in a state dict are
 * the names of these properties. A tensor that requires a gradient is a parameter. Any other is a buffer: saved, but not trained.
 */
export abstract class Module {
  /** Whether layers such as Dropout run in training mode; see `train` and `eval`. */
  training = true;

  /** The modules directly below this one, with their names. */
  *namedChildren(): Iterable<[string, Module]> {
    for (const [name, value] of members(this)) if (value instanceof Module) yield [name, value];
  }

  /** This module and all below it, with their dotted names ('' for this one). */
  *namedModules(prefix = ''): Iterable<[string, Module]> {
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(joined(prefix, name));
  }

  /** All tensors, with their dotted names. */
  *namedTensors(): Iterable<[string, Tensor]> {
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, tensor] of ownTensors(module)) yield [joined(prefix, name), tensor];
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

  /** The tensors that require a gradient, which an optimizer trains. */
  parameters(): Tensor[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /**
   * Switches this module and all below it to training mode, or with `train(false)` to evaluation mode. Returns the module.
   * @throws ArgumentError unless mode is true or false
   */
  train(mode = true): this {
    if (typeof mode !== 'boolean')
      throw new ArgumentError('train', `mode must be true or false, found ${describeValue(mode)}`);
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
   * Overwrites parameters and buffers in place, either all or none.
   * @param options - `strict: false` ignores missing and unexpected names, but not shapes that differ
   * @throws StateDictError listing every name that does not match; ArgumentError if the state is not a state dict
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): void {
    checkStateDict('loadStateDict', state, 'what stateDict() returned');
    checkOptions('loadStateDict', options, LOAD_OPTIONS, 'state, ');
    const own = new Map(this.namedTensors());
    const strict = options.strict ?? true;
    const missing = strict ? [...own.keys()].filter((name) => !(name in state)) : [];
    const unexpected = strict ? Object.keys(state).filter((name) => !own.has(name)) : [];
    const shared = Object.entries(state).flatMap(([name, saved]) => {
      const target = own.get(name);
      return target === undefined ? [] : [{ name, saved, target }];
    });
    const mismatched = shared.flatMap(({ name, saved, target }) =>
      sameShape(saved.shape, target.shape)
        ? []
        : [`${name} (${formatShape(saved.shape)}, the module has ${formatShape(target.shape)})`],
    );
    if (missing.length + unexpected.length + mismatched.length > 0) {
      throw new StateDictError(missing, unexpected, mismatched);
    }
    for (const { saved, target } of shared) target.assign(tensor(saved.data, { shape: saved.shape }));
  }

  /** This module's own options, a few words each, for `toString`: `['784 → 400', 'relu']`. `false` is left out. */
  describe(): Description {
    return [];
  }

  /** The tree of layers: names, classes, options and numbers of parameters. Node's console.log prints it. */
  toString(): string {
    const { text, branches } = branchOf(this);
    const size = sizeOfAll(new Set(this.parameters()));
    return drawTree({ text: `${text} (${grouped(size)} parameter${size === 1 ? '' : 's'})`, branches });
  }
}

Object.defineProperty(Module.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value: Module.prototype.toString,
});

/** @param expected - where such an object comes from. @throws ArgumentError unless each value is a shape and data */
export function checkStateDict(op: string, state: StateDict, expected: string): void {
  if (!isPlainObject(state)) {
    const fix =
      state instanceof Promise
        ? ' — await it first'
        : state instanceof Module
          ? ' — write module.stateDict()'
          : '';
    throw new ArgumentError(op, `the state must be ${expected}, found ${describeValue(state)}${fix}`);
  }
  for (const [name, saved] of Object.entries(state)) {
    if (!Array.isArray(saved?.shape) || saved.data === undefined)
      throw new ArgumentError(op, `'${name}' must be { shape, data }, found ${describeValue(saved)}`);
  }
}

/** A line of text, and the lines below it. */
interface Branch {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** Prints a tree as the `tree` command prints folders. */
function drawTree({ text, branches }: Branch): string {
  const below = branches.flatMap((branch, i) => {
    const isLast = i === branches.length - 1;
    const [first, ...rest] = drawTree(branch).split('\n');
    return [`${isLast ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`)];
  });
  return [text, ...below].join('\n');
}

/** A module's class and options, its own tensors, and the modules below it. */
function branchOf(module: Module): Branch {
  const options = module.describe().filter((words) => words !== false);
  const leaves = Array.from(ownTensors(module), ([name, t]): Branch => {
    const text = t.requiresGrad ? sized(formatShape(t.shape), t.size) : `buffer ${formatShape(t.shape)}`;
    return { text: `${name}: ${text}`, branches: [] };
  });
  const below = Array.from(module.namedChildren(), ([name, child]): Branch => {
    const { text, branches } = branchOf(child);
    const own = branches.length === 0 ? sizeOfAll(child.parameters()) : 0;
    return { text: `${name}: ${sized(text, own)}`, branches };
  });
  return {
    text: `${module.constructor.name}${options.length === 0 ? '' : `(${options.join(', ')})`}`,
    branches: below.length === 0 ? [] : [...leaves, ...below],
  };
}

function sizeOfAll(tensors: Iterable<Tensor>): number {
  return Array.from(tensors).reduce((sum, { size }) => sum + size, 0);
}

const sized = (text: string, size: number): string => (size === 0 ? text : `${text}  ${grouped(size)}`);

const grouped = (size: number): string => size.toLocaleString('en-US');

/** The module's own tensors, without those of its sub-modules, with their names. */
function* ownTensors(module: Module): Iterable<[string, Tensor]> {
  for (const [name, value] of members(module)) if (value instanceof Tensor) yield [name, value];
}

/** Own properties. The items of an array are named `name.0`, `name.1`, … */
function* members(module: Module): Iterable<[string, unknown]> {
  for (const [name, value] of Object.entries(module)) {
    if (Array.isArray(value)) for (const [i, item] of value.entries()) yield [`${name}.${i}`, item];
    else yield [name, value];
  }
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
