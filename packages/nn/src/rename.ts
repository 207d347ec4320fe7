/** Other names for the tensors of a state dict. */
import { ArgumentError } from '@varigrad/core';
import { describeValue, isPlainObject } from '@varigrad/core/checks';
import { checkStateDict, type StateDict } from './state-dict.js';

/**
 * Rules from the start of a dotted name to another: `{ fc1: 'encoder.hidden.layers.0' }` turns `fc1.weight` into
 * `encoder.hidden.layers.0.weight`. A `*` stands for one part of the name: `{ 'layers.*.0': 'layers.*' }`. The empty name is the whole
 * model: `{ module: '' }` removes a prefix. Of several rules that fit, the longest one applies. Other names stay as they are.
 */
export type Names = Readonly<Record<string, string>>;

const partsOf = (path: string): string[] => (path === '' ? [] : path.split('.'));
const stars = (path: string): number => partsOf(path).filter((part) => part === '*').length;

function checkNames(op: string, names: Names): void {
  if (!isPlainObject(names))
    throw new ArgumentError(
      op,
      `names must be an object such as { fc1: 'encoder.mu' }, found ${describeValue(names)}`,
    );
  for (const [from, to] of Object.entries(names))
    if (typeof to !== 'string' || stars(from) !== stars(to))
      throw new ArgumentError(
        op,
        `'${from}' must become a name with ${stars(from)} parts '*', found ${describeValue(to)}`,
      );
}

/**
 * The state dict under other names. The values are not copied.
 * @throws ArgumentError if a rule is not a name, or two tensors would have one name
 */
export function renameStateDict(state: StateDict, names: Names): StateDict {
  checkStateDict('renameStateDict', state, 'a state dict');
  checkNames('renameStateDict', names);
  const rules = Object.entries(names)
    .map(([from, to]) => ({ from: partsOf(from), to: partsOf(to) }))
    .sort((a, b) => b.from.length - a.from.length);
  const olds = new Map<string, string>();
  const renamed = Object.entries(state).map(([old, saved]): [string, typeof saved] => {
    const parts = old.split('.');
    const rule = rules.find(
      ({ from }) => from.length <= parts.length && from.every((part, i) => part === '*' || part === parts[i]),
    );
    const found = parts.filter((_, i) => rule?.from[i] === '*').values();
    const start = rule?.to.map((part) => (part === '*' ? found.next().value : part)) ?? [];
    const name = [...start, ...parts.slice(rule?.from.length ?? 0)].join('.');
    const other = olds.get(name);
    if (other !== undefined)
      throw new ArgumentError('renameStateDict', `'${other}' and '${old}' would both be named '${name}'`);
    olds.set(name, old);
    return [name, saved];
  });
  return Object.fromEntries(renamed);
}

/** The rules back: from the new names to the old ones. @throws ArgumentError if two rules have one new name */
export function inverseNames(names: Names): Names {
  checkNames('inverseNames', names);
  const entries = Object.entries(names).map(([from, to]): [string, string] => [to, from]);
  const inverse = Object.fromEntries(entries);
  if (Object.keys(inverse).length < entries.length)
    throw new ArgumentError('inverseNames', 'two rules have the same new name, so the old one is unknown');
  return inverse;
}
