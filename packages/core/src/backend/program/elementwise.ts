/** Elementwise calls in one form, in which they can be joined. */
import type { Shape } from '../../errors.js';
import type { BinaryKind, UnaryKind } from '../../functions/names.generated.js';
import type { Argument, Call, Program, SlotReference, StridedSpec } from '../backend.js';
import { broadcastView, mergeAxes } from '../strided-views.js';
import { isSetting } from './program.js';

/** What an elementwise call reads: a number, or values. */
export type Reading = number | SlotReading;

/**
 * The values x of a slot, from element `offset` on, as n elements. 'full': element i is x[i]; 'scalar': all are x[0]; 'spread':
 * [outer, length, inner] has x[j] at (o, j, i).
 */
export interface SlotReading {
  readonly slot: number;
  readonly form: 'full' | 'scalar' | 'spread';
  readonly length: number;
  readonly inner: number;
  readonly offset: number;
}

/** An elementwise call on n elements. */
export interface Elementwise {
  readonly kind: 'unary' | 'binary' | 'where' | 'copy';
  readonly name: UnaryKind | BinaryKind | undefined;
  readonly readings: readonly Reading[];
  /** The slot of the result, or the slot that is changed in place. */
  readonly out: number;
  readonly elements: number;
}

/** Whether element i of the result needs only element i of the values. */
export function isAligned({ form, offset }: SlotReading): boolean {
  return form === 'full' && offset === 0;
}

/** The elementwise form of a call; undefined if it has none. */
export function elementwise({ slots }: Program, call: Call): Elementwise | undefined {
  const { kernel, args, out } = call;
  if (args.some(isSetting)) return undefined;
  const made = out ?? (args[0] as SlotReference | undefined)?.slot;
  const elements = made === undefined ? 0 : slots[made]!.length;
  if (made === undefined || elements === 0) return undefined;
  const found = formOf(kernel, args, elements);
  if (found === undefined || found.readings.some((reading) => reading === undefined)) return undefined;
  return { ...found, readings: found.readings as readonly Reading[], out: made, elements };
}

interface Form {
  readonly kind: Elementwise['kind'];
  readonly name: Elementwise['name'];
  readonly readings: readonly (Reading | undefined)[];
}

function formOf(kernel: string, args: readonly Argument[], elements: number): Form | undefined {
  const full = (argument: Argument | undefined): Reading => ({
    slot: (argument as SlotReference).slot,
    form: 'full',
    length: elements,
    inner: 1,
    offset: 0,
  });
  const operands = (list: readonly Argument[], shape: Argument | undefined) =>
    list.map((argument) => {
      const { slot, shape: own } = argument as SlotReference;
      return readingOf(slot, broadcastView(own ?? [], shape as Shape), elements);
    });
  switch (kernel) {
    case 'fill':
      return { kind: 'copy', name: undefined, readings: [args[1] as number] };
    case 'strided': {
      const reading = readingOf((args[0] as SlotReference).slot, args[1] as unknown as StridedSpec, elements);
      return { kind: 'copy', name: undefined, readings: [reading] };
    }
    case 'unary':
      return { kind: 'unary', name: args[0] as UnaryKind, readings: [full(args[1])] };
    case 'binary':
      return { kind: 'binary', name: args[0] as BinaryKind, readings: operands(args.slice(1, 3), args[3]) };
    case 'where':
      return { kind: 'where', name: undefined, readings: operands(args.slice(0, 3), args[3]) };
    case 'assign':
      return { kind: 'copy', name: undefined, readings: [full(args[1])] };
    case 'accumulate':
      return { kind: 'binary', name: 'add', readings: [full(args[0]), full(args[1])] };
    case 'scale':
      return { kind: 'binary', name: 'mul', readings: [full(args[0]), args[1] as number] };
    default:
      return undefined;
  }
}

/** A strided view as a reading; undefined if it is none of the forms. */
function readingOf(slot: number, view: StridedSpec, elements: number): Reading | undefined {
  const { shape, strides, offset } = mergeAxes(view);
  const moving = strides.findIndex((stride) => stride !== 0);
  if (moving < 0) {
    const form = elements === 1 ? 'full' : 'scalar';
    return { slot, form, length: 1, inner: 1, offset };
  }
  if (strides[moving] !== 1 || strides.filter((stride) => stride !== 0).length > 1) return undefined;
  const length = shape[moving]!;
  const inner = shape.slice(moving + 1).reduce((product, n) => product * n, 1);
  return { slot, form: length === elements ? 'full' : 'spread', length, inner, offset };
}
