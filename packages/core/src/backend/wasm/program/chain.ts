/** Writes a chain of elementwise calls in the form of assembly/chains.ts. */
import type { ChainKind, ChainPlace } from '../../../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../../../functions/names.generated.js';
import type { Elementwise, Reading, SlotReading } from '../../program/elementwise.js';
import { binaryNumber, chainNumber, placeNumber, unaryNumber } from '../module.generated.js';

/** Elements of a scratch block. */
const BLOCK = 1024;

/** The words of a chain after its header. */
export interface ChainCode {
  readonly steps: number;
  readonly words: readonly number[];
  /** Bytes of scratch memory for each thread. */
  readonly scratch: number;
}

/** Where the values of a chain are. */
export interface ChainPlaces {
  /** The address of a slot's values; undefined if only this chain uses them, so that they stay in scratch blocks. */
  addressOf(slot: number): number | undefined;
  /** The address of a float32 constant. */
  constant(value: number): number;
}

/** An operand: an address, or a value that is computed by a step of this chain. */
interface Ref {
  readonly place: ChainPlace;
  /** The address; for 'scratch', the number of the value. */
  readonly at: number;
}

interface ChainStep {
  readonly kind: ChainKind;
  readonly name: number;
  readonly out: Ref;
  /** For 'crossEntropy', the last is the second result. */
  readonly operands: readonly Ref[];
  /** Lengths of a 'spread'. */
  readonly lengths?: readonly [length: number, inner: number];
}

export function chainCode(chain: readonly Elementwise[], places: ChainPlaces): ChainCode {
  const steps = joinCrossEntropy(chainSteps(chain, places));
  const { blockOf, blocks } = assignBlocks(steps);
  const words = steps.flatMap((step, i) => {
    const pair = ({ place, at }: Ref): number[] => [
      place === 'scratch' ? blockOf(i, at) : at,
      placeNumber[place],
    ];
    const [x] = step.operands;
    const operands = step.lengths === undefined ? step.operands.flatMap(pair) : [x!.at, ...step.lengths];
    const row = [chainNumber[step.kind], step.name, ...pair(step.out), ...operands];
    return [...row, ...new Array<number>(10 - row.length).fill(0)];
  });
  return { steps: steps.length, words, scratch: blocks * BLOCK * 4 };
}

/** The calls as steps, with a step more for each operand that must be spread. */
function chainSteps(chain: readonly Elementwise[], { addressOf, constant }: ChainPlaces): ChainStep[] {
  const steps: ChainStep[] = [];
  const values = new Map<string, number>();
  const scratch = (key: string): Ref => {
    if (!values.has(key)) values.set(key, values.size);
    return { place: 'scratch', at: values.get(key)! };
  };
  const array = (slot: number, offset: number, place: ChainPlace): Ref => {
    const address = addressOf(slot);
    return address === undefined ? scratch(`slot ${slot}`) : { place, at: address + 4 * offset };
  };
  const spread = ({ slot, offset, length, inner }: SlotReading, out: Ref): void => {
    const operands = [array(slot, offset, 'array')];
    steps.push({ kind: 'spread', name: 0, out, operands, lengths: [length, inner] });
  };
  const operand = (reading: Reading): Ref => {
    if (typeof reading === 'number') return { place: 'scalar', at: constant(reading) };
    const { slot, form, offset, length, inner } = reading;
    if (form !== 'spread') return array(slot, offset, form === 'full' ? 'array' : 'scalar');
    const key = `spread ${slot} ${offset} ${length} ${inner}`;
    const known = values.has(key);
    const out = scratch(key);
    if (!known) spread(reading, out);
    return out;
  };
  for (const { kind, name, readings, out } of chain) {
    const [first] = readings;
    const to = array(out, 0, 'array');
    if (kind === 'copy' && typeof first === 'object' && first.form === 'spread') spread(first, to);
    else steps.push({ kind, name: numberOf(kind, name), out: to, operands: readings.map(operand) });
  }
  return steps;
}

/** Joins the cross entropy and its derivative, if they have the same operands, which do not change between them. */
function joinCrossEntropy(steps: readonly ChainStep[]): ChainStep[] {
  const joined = [...steps];
  const isOf = (step: ChainStep, name: BinaryKind): boolean =>
    step.kind === 'binary' &&
    step.name === binaryNumber[name] &&
    step.operands.every(({ place }) => place !== 'scalar');
  for (const first of steps) {
    if (!isOf(first, 'sigmoidCrossEntropy')) continue;
    const key = JSON.stringify(first.operands);
    const second = joined.findIndex(
      (step) => isOf(step, 'sigmoidResidual') && JSON.stringify(step.operands) === key,
    );
    const place = joined.indexOf(first);
    const changes = joined.slice(place, second).map(({ out }) => JSON.stringify(out));
    if (second < place || first.operands.some((operand) => changes.includes(JSON.stringify(operand))))
      continue;
    joined[place] = {
      ...first,
      kind: 'crossEntropy',
      name: 0,
      operands: [...first.operands, joined[second]!.out],
    };
    joined.splice(second, 1);
  }
  return joined;
}

function numberOf(kind: ChainKind, name: UnaryKind | BinaryKind | undefined): number {
  if (kind === 'unary') return unaryNumber[name as UnaryKind];
  return kind === 'binary' ? binaryNumber[name as BinaryKind] : 0;
}

/** Gives each scratch value a block for the time that it is needed. */
function assignBlocks(steps: readonly ChainStep[]): {
  blockOf: (step: number, value: number) => number;
  blocks: number;
} {
  const last = new Map<number, number>();
  steps.forEach(({ out, operands }, i) => {
    for (const { place, at } of [out, ...operands]) if (place === 'scratch') last.set(at, i);
  });
  const own = new Map<number, number>();
  const free: number[] = [];
  let blocks = 0;
  steps.forEach(({ kind, out, operands }, i) => {
    const values = operands.filter(({ place }) => place === 'scratch').map(({ at }) => at);
    const made = (kind === 'crossEntropy' ? [out, operands.at(-1)!] : [out]).filter(
      ({ place }) => place === 'scratch',
    );
    // A result may take the block of an operand: the loops read a vector before they write it.
    const ended = new Set(values.filter((value) => last.get(value) === i && own.has(value)));
    for (const value of ended) free.push(own.get(value)!);
    for (const { at } of made) if (!own.has(at)) own.set(at, free.pop() ?? blocks++);
  });
  return { blockOf: (_, value) => own.get(value)!, blocks };
}
