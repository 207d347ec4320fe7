/** Finds the tensors of a module that the names of a state dict mean. */
import { formatShape, sameShape, type Tensor } from '@varigrad/core';
import { joined, ownTensors } from './members.js';
import { type StateDict, StateDictError, sameValues, type TensorData } from './state-dict.js';

/** The part of a module that names tensors. */
interface Tree {
  namedChildren(): Iterable<[string, Tree]>;
  namedModules(): Iterable<[string, Tree]>;
  namedTensors(): Iterable<[string, Tensor]>;
  optionalNames(): readonly string[];
}

/** The saved values of each tensor. @throws StateDictError listing every name that does not match */
export function matching(module: Tree, state: StateDict, strict: boolean): Map<Tensor, TensorData> {
  const own = new Map(module.namedTensors());
  const names = new Map<Tensor, string>();
  const [unexpected, mismatched, conflicting]: [string[], string[], string[]] = [[], [], []];
  const values = new Map<Tensor, TensorData>();
  for (const [name, saved] of Object.entries(state)) {
    const target = own.get(name) ?? tensorAt(module, name);
    if (target === undefined) {
      if (strict) unexpected.push(name);
      continue;
    }
    const before = values.get(target);
    if (!sameShape(saved.shape, target.shape))
      mismatched.push(`${name} (${formatShape(saved.shape)}, the module has ${formatShape(target.shape)})`);
    else if (before !== undefined && !sameValues(before, saved))
      conflicting.push(`${names.get(target)} and ${name}`);
    if (before !== undefined) continue;
    values.set(target, saved);
    names.set(target, name);
  }
  const optional = new Set(
    Array.from(module.namedModules(), ([path, part]) =>
      part.optionalNames().map((name) => joined(path, name)),
    ).flat(),
  );
  const missing = [...own].flatMap(([name, target]) =>
    !strict || values.has(target) || optional.has(name) ? [] : [name],
  );
  if (missing.length + unexpected.length + mismatched.length + conflicting.length > 0)
    throw new StateDictError(missing, unexpected, mismatched, conflicting);
  return values;
}

/** The tensor at a dotted name, also if this is not its first name. */
function tensorAt(module: Tree, path: string): Tensor | undefined {
  const waiting: [Tree, string][] = [[module, path]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [owner, rest] = next;
    for (const [name, tensor] of ownTensors(owner)) if (name === rest) return tensor;
    for (const [name, child] of owner.namedChildren())
      if (rest.startsWith(`${name}.`)) waiting.push([child, rest.slice(name.length + 1)]);
  }
  return undefined;
}
