/**
 * Chained methods: `a.mul(b).sum()` is `sum(mul(a, b))`. Each method is the free function of the same name with the
 * tensor as its first argument; its documentation is there.
 */
import { backward } from './backward.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as matrices from './ops/matmul.js';
import * as movement from './ops/movement.js';
import * as reduce from './ops/reduce.js';
import { Tensor } from './tensor.js';

/** Functions of these modules that are no methods: they join tensors, or add one into zeros. */
const functionsOnly = ['concat', 'stack', 'indexAdd', 'scatterAdd'] as const;

type FunctionsOnly = (typeof functionsOnly)[number];

/** A function of a tensor as a method: without its first parameter, the tensor that it is called on. */
type Method<F> = F extends (x: Tensor, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** The functions of a module as methods. A mapped type without renaming keeps their documentation. */
type Methods<Module> = { [Name in keyof Module]: Method<Module[Name]> };

declare module './tensor.js' {
  interface Tensor
    extends Methods<typeof elementwise>,
      Methods<Omit<typeof indexing, FunctionsOnly>>,
      Methods<typeof matrices>,
      Methods<Omit<typeof movement, FunctionsOnly>>,
      Methods<typeof reduce>,
      Methods<{ backward: typeof backward }> {}
}

const methods = {
  ...elementwise,
  ...indexing,
  ...matrices,
  ...movement,
  ...reduce,
  backward,
};

for (const [name, method] of Object.entries(methods)) {
  if ((functionsOnly as readonly string[]).includes(name)) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]) {
      return (method as (t: Tensor, ...rest: never[]) => unknown)(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}

export { Tensor };
