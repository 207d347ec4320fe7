/** The contents of an object's properties, for walks over modules. */
import { Tensor } from '@varigrad/core';
import { isPlainObject } from '@varigrad/core/checks';

/**
 * The objects in an object's own properties, with their names. Arrays, plain objects, maps and sets are looked into, at any depth:
 * their items are named `name.0`, `name.key`, … #private fields cannot be seen from outside of their class.
 */
export function* members(owner: object): Iterable<[string, object]> {
  const seen = new Set<object>();
  const waiting = Object.entries(owner).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name, value]: [string, unknown] = next;
    if (typeof value !== 'object' || value === null) continue;
    const items = itemsOf(value);
    if (items === undefined) yield [name, value];
    else if (!seen.has(value)) {
      seen.add(value);
      for (const [key, item] of items.reverse())
        if (typeof item === 'object') waiting.push([joined(name, String(key)), item]);
    }
  }
}

/** The items of a container with their keys; undefined for any other object. */
function itemsOf(value: object): [unknown, unknown][] | undefined {
  if (Array.isArray(value)) return [...value.entries()];
  if (value instanceof Map) return [...value.entries()];
  if (value instanceof Set) return [...[...value].entries()];
  return isPlainObject(value) ? Object.entries(value) : undefined;
}

/** A dotted name. */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/** A module's own tensors, without those of its sub-modules, with their names. */
export function* ownTensors(module: object): Iterable<[string, Tensor]> {
  for (const [name, value] of members(module))
    if (value instanceof Tensor && value.isLeaf) yield [name, value];
}
