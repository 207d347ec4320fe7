import type { Shape } from '../../errors.js';
import type { BinaryKind } from '../../functions/names.generated.js';
import { binaryFunctions, unaryFunctions } from '../../functions/reference.generated.js';
import { sizeOf, stridesOf } from '../../shape.js';
import type { HostArray, Kernels, Operand } from '../backend.js';

/** Makes a new array of the backend's precision, filled with zeros. */
export type Allocate = (size: number) => HostArray;

type Elementwise = Pick<Kernels<HostArray>, 'fill' | 'unary' | 'binary' | 'where'>;

export function elementwiseKernels(allocate: Allocate): Elementwise {
  return {
    fill: (size, value) => allocate(size).fill(value),
    unary(kind, x) {
      const f = unaryFunctions[kind];
      const y = allocate(x.length);
      for (let i = 0; i < x.length; i++) y[i] = f(x[i] as number);
      return y;
    },
    binary: (kind, a, b, out) => binary(allocate(sizeOf(out)), kind, a, b, out),
    where(condition, a, b, out) {
      const y = allocate(sizeOf(out));
      const [c, p, q] = [broadcast(condition, out), broadcast(a, out), broadcast(b, out)];
      for (let i = 0; i < y.length; i++) y[i] = (c(i) !== 0 ? p(i) : q(i)) as number;
      return y;
    },
  };
}

function binary(
  y: HostArray,
  kind: BinaryKind,
  a: Operand<HostArray>,
  b: Operand<HostArray>,
  out: Shape,
): HostArray {
  const f = binaryFunctions[kind];
  const [p, q] = [a.values, b.values];
  if (p.length === y.length && q.length === y.length) {
    for (let i = 0; i < y.length; i++) y[i] = f(p[i] as number, q[i] as number);
  } else if (p.length === y.length && q.length === 1) {
    const scalar = q[0] as number;
    for (let i = 0; i < y.length; i++) y[i] = f(p[i] as number, scalar);
  } else {
    const [readA, readB] = [broadcast(a, out), broadcast(b, out)];
    for (let i = 0; i < y.length; i++) y[i] = f(readA(i), readB(i));
  }
  return y;
}

/** The element of `x` at index `i` of the broadcast output. */
function broadcast(x: Operand<HostArray>, out: Shape): (i: number) => number {
  const { values, shape } = x;
  if (values.length === 1) return () => values[0] as number;
  if (values.length === sizeOf(out)) return (i) => values[i] as number;
  const added = out.length - shape.length;
  const own = stridesOf(shape);
  const outer = stridesOf(out);
  // An axis of length 1 has step 0: its element is repeated.
  const steps = out.flatMap((length, axis) =>
    axis < added || shape[axis - added] === 1
      ? []
      : [{ outer: outer[axis] as number, length, own: own[axis - added] as number }],
  );
  return (i) => {
    let at = 0;
    for (const step of steps) at += (Math.floor(i / step.outer) % step.length) * step.own;
    return values[at] as number;
  };
}
