/**
 * Chained methods: `a.mul(b).sum()` is `sum(mul(a, b))`. Each method is the free function of the same name with the
 * tensor as its first argument; its documentation is there.
 */
import { backward } from './backward.js';
import { describeValue } from './checks/arguments.js';
import { ArgumentError } from './errors.js';
import * as elementwise from './ops/elementwise.js';
import * as indexing from './ops/indexing.js';
import * as matrices from './ops/matmul.js';
import * as movement from './ops/movement.js';
import * as pieces from './ops/pieces.js';
import * as reduce from './ops/reduce.js';
import * as statistics from './ops/statistics.js';
import { Tensor } from './tensor.js';

/** Functions of these modules that do not become methods: they join tensors, or add a tensor into zeros. */
const functionsOnly = ['concat', 'stack', 'indexAdd', 'scatterAdd'] as const;

type FunctionsOnly = (typeof functionsOnly)[number];

/** The type of a function as a method: without its first parameter, the tensor. */
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
      Methods<typeof movement>,
      Methods<Omit<typeof pieces, FunctionsOnly>>,
      Methods<typeof reduce>,
      Methods<typeof statistics>,
      Methods<{ backward: typeof backward }> {}
}

const functions = {
  ...elementwise,
  ...indexing,
  ...matrices,
  ...movement,
  ...pieces,
  ...reduce,
  ...statistics,
  backward,
};

type All = Methods<Omit<typeof functions, FunctionsOnly>>;
type Arguments<Name extends keyof All> = Parameters<All[Name]>;

/** Names of the methods with optional arguments. */
type WithOptional = {
  [Name in keyof All]: Arguments<Name> extends Required<Arguments<Name>> ? never : Name;
}[keyof All];

/** The maximum number of arguments of methods with optional ones. For the others it is the function's `length`. */
const mostArguments: { readonly [Name in WithOptional]: Required<Arguments<Name>>['length'] } = {
  leakyRelu: 1,
  elu: 1,
  indexSelect: 2,
  gather: 2,
  tril: 1,
  triu: 1,
  matmul: 2,
  flatten: 2,
  squeeze: 1,
  transpose: 2,
  flip: 1,
  slice: 3,
  split: 2,
  pad: 2,
  sum: 1,
  mean: 1,
  variance: 1,
  std: 1,
  amax: 1,
  amin: 1,
  logSumExp: 1,
  argmax: 1,
  softmax: 1,
  logSoftmax: 1,
  cumsum: 1,
  norm: 1,
  prod: 1,
  backward: 2,
};

for (const [name, method] of Object.entries(functions)) {
  if ((functionsOnly as readonly string[]).includes(name)) continue;
  const most = (mostArguments as Readonly<Record<string, number>>)[name] ?? method.length - 1;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]) {
      const result = (method as (t: Tensor, ...rest: never[]) => unknown)(this, ...args);
      // Checked after the call: for an argument of the wrong type, the function has the more specific message.
      if (args.length > most) throw surplusArgument(name, args[most], most);
      return result;
    },
    writable: true,
    configurable: true,
  });
}

function surplusArgument(name: string, found: unknown, most: number): ArgumentError {
  const takes = most === 0 ? 'none' : most === 1 ? 'one' : `at most ${most}`;
  return new ArgumentError(name, `unexpected argument ${describeValue(found)} — the method takes ${takes}`);
}

export { Tensor };
