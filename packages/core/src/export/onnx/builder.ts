/** Collects the nodes and the constants of an ONNX graph. */
import { ArgumentError } from '../../errors.js';
import { sizeOf } from '../../shape.js';
import type { ExportNode } from '../graph.js';
import type { BatchLength, Length } from '../length.js';
import type { Attribute, Initializer, OnnxNode } from './messages.js';
import { ELEMENT } from './messages.js';

/** A value of the graph: its name and its shape. */
export interface Operand {
  readonly name: string;
  readonly shape: readonly Length[];
}

/** Where the batch size can be read: an axis of an argument. */
export interface BatchAxis {
  readonly input: string;
  readonly axis: number;
}

export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #batchAxis: BatchAxis | undefined;
  readonly #names: Set<string>;
  readonly #scalars: Map<string, string> = new Map();
  #batch: string | undefined;
  /** The first part of the names of nodes: the operation that they belong to. */
  scope = '';

  /** @param reserved - names of arguments and results */
  constructor(reserved: Iterable<string>, batchAxis: BatchAxis | undefined) {
    this.#names = new Set(reserved);
    this.#batchAxis = batchAxis;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node. @returns the name of its result */
  add(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = this.#unique(`${this.scope}/${type}`);
    this.nodes.push({ type, name, inputs, output: name, attributes });
    return name;
  }

  /** Binds a result of the graph to its name. */
  result(name: string, value: string): void {
    this.nodes.push({
      type: 'Identity',
      name: `${name}/Identity`,
      inputs: [value],
      output: name,
      attributes: {},
    });
  }

  /** Numbers of float32. */
  constant(wanted: string, shape: readonly number[], values: Float32Array): string {
    const name = this.#unique(wanted);
    this.initializers.push({ name, shape, values });
    return name;
  }

  /** One number of float32, without axes. */
  scalar(value: number): string {
    return this.#once(`number_${Object.is(value, -0) ? '-0' : value}`, [], Float32Array.of(value));
  }

  /** A list of whole numbers. */
  ints(values: readonly number[]): string {
    return this.#once(`list_${values.join('_')}`, [values.length], BigInt64Array.from(values, BigInt));
  }

  #once(key: string, shape: readonly number[], values: Initializer['values']): string {
    const known = this.#scalars.get(key);
    if (known !== undefined) return known;
    const name = this.#unique(key);
    this.#scalars.set(key, name);
    this.initializers.push({ name, shape, values });
    return name;
  }

  /** A list of lengths as whole numbers, computed from the batch size where they depend on it. */
  lengths(values: readonly Length[]): string {
    if (values.every((length) => typeof length === 'number')) return this.ints(values);
    return this.add(
      'Concat',
      values.map((length) => (typeof length === 'number' ? this.ints([length]) : this.#ofBatch(length))),
      { axis: 0 },
    );
  }

  #ofBatch({ times, plus }: BatchLength): string {
    if (this.#batchAxis === undefined)
      throw new ArgumentError('toOnnx', 'no argument has the batch size as an axis');
    const { input, axis } = this.#batchAxis;
    this.#batch ??= this.add('Shape', [input], { start: axis, end: axis + 1 });
    const scaled = times === 1 ? this.#batch : this.add('Mul', [this.#batch, this.ints([times])]);
    return plus === 0 ? scaled : this.add('Add', [scaled, this.ints([plus])]);
  }

  /** Another shape for the same elements. */
  reshape(value: string, shape: readonly Length[]): string {
    const open = shape.filter((length) => typeof length !== 'number');
    const isEmpty = sizeOf(shape.map((length) => (typeof length === 'number' ? length : 1))) === 0;
    // One length may be −1. A length of 0, such as batch − 1 for one row, stands for 0 only with allowzero.
    const lengths =
      open.length === 1 && !isEmpty
        ? this.ints(shape.map((length) => (typeof length === 'number' ? length : -1)))
        : this.lengths(shape);
    return this.add('Reshape', [value, lengths], isEmpty || open.length > 1 ? { allowzero: 1 } : {});
  }

  /** Repeats along axes of length 1 and new axes. */
  expand(value: string, from: readonly Length[], to: readonly Length[]): string {
    const added = to.length - from.length;
    // 1 keeps the length of an axis that already depends on the batch size.
    const wanted = to.map((length, axis) => {
      const own = axis < added ? 1 : from[axis - added]!;
      return typeof own === 'number' ? length : 1;
    });
    return this.add('Expand', [value, this.lengths(wanted)]);
  }

  /** float32 → whole numbers. */
  toInts(value: string): string {
    return this.add('Cast', [value], { to: ELEMENT.int64 });
  }

  toFloats(value: string): string {
    return this.add('Cast', [value], { to: ELEMENT.float });
  }

  /** Whether each element is other than 0. */
  toBooleans(value: string): string {
    return this.add('Cast', [value], { to: ELEMENT.bool });
  }
}

/** The numbers, none of which may depend on the batch size. @throws ArgumentError that names the operation */
export function fixed(
  { op }: Pick<ExportNode, 'op'>,
  what: string,
  values: readonly Length[],
): readonly number[] {
  if (values.every((length) => typeof length === 'number')) return values;
  throw new ArgumentError(
    'toOnnx',
    `${op}: ${what} must not depend on the batch size — export a function in which it is fixed`,
  );
}
