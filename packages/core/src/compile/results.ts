/** What a compiled function returns: a tensor, an array of tensors, or an object of tensors. */
import { describeValue, isPlainObject } from '../checks/arguments.js';
import { ArgumentError, type Shape } from '../errors.js';
import { Tensor } from '../tensor.js';

/** What a compiled function may return. */
export type Tensors = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** How to put the tensors of a result together again. */
export interface ResultForm {
  readonly shapes: readonly Shape[];
  build(tensors: readonly Tensor[]): Tensors;
}

/** The tensors of a result, and their form. @throws ArgumentError for anything else than tensors */
export function takeApart(result: unknown): { tensors: Tensor[]; form: ResultForm } {
  const tensors = tensorsOf(result);
  const shapes = tensors.map(({ shape }) => shape);
  if (result instanceof Tensor) return { tensors, form: { shapes, build: ([tensor]) => tensor! } };
  if (Array.isArray(result)) return { tensors, form: { shapes, build: (list) => [...list] } };
  const names = Object.keys(result as object);
  const build = (list: readonly Tensor[]): Tensors => {
    const built: Record<string, Tensor> = {};
    for (let i = 0; i < names.length; i++) built[names[i]!] = list[i]!;
    return built;
  };
  return { tensors, form: { shapes, build } };
}

function tensorsOf(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  const isList = Array.isArray(result) || isPlainObject(result);
  const list: unknown[] = isList ? Object.values(result as object) : [result];
  const wrong = list.findIndex((item) => !(item instanceof Tensor));
  if (wrong === -1) return list as Tensor[];
  throw new ArgumentError(
    'compile',
    `the function must return a tensor, an array of tensors or an object of tensors, found ${describeValue(list[wrong])} — return tensors, and read them after the call`,
  );
}
