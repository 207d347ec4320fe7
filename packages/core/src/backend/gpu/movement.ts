import type { Shape } from '../../errors.js';
import { sizeOf, stridesOf } from '../../shape.js';
import { coordinate } from './expression.js';
import { type Program, placesOf } from './program.js';

/** A GPU cannot throw an error for an `index[…]` outside of the axis. The result is NaN instead, which is visible. */
const GUARD = '!(at >= 0 && at < N) ? nan : ';

/** x[o, index[j], i] for element (o, j, i); CI = C·I, NI = N·I. */
export const INDEX_SELECT: Program = {
  name: 'indexSelect',
  arrays: ['x', 'index'],
  integers: ['I', 'C', 'N', 'CI', 'NI'],
  numbers: [],
  body: `const at = index[remainder(div(this.thread.x, I), C)];
return ${GUARD}x[div(this.thread.x, CI) * NI + whole(clampedTo(at, N)) * I + remainder(this.thread.x, I)];`,
};

/** x[o, index[o, j, i], i] */
export const GATHER: Program = {
  name: 'gather',
  arrays: ['x', 'index'],
  integers: ['I', 'CI', 'N', 'NI'],
  numbers: [],
  body: `const at = index[this.thread.x];
return ${GUARD}x[div(this.thread.x, CI) * NI + whole(clampedTo(at, N)) * I + remainder(this.thread.x, I)];`,
};

/**
 * The sum for element (o, l, i). Kernels cannot add into memory, so each thread searches the index for its own element.
 * @param shared - one index `[count]` for all (indexAdd), or one index per element (scatterAdd)
 */
export function addProgram(shared: boolean, size: number): Program {
  const { variant, ready, at } = placesOf(size, {
    outer: 'div(this.thread.x, NI)',
    place: 'remainder(div(this.thread.x, I), N)',
    inner: 'remainder(this.thread.x, I)',
  });
  const element = `(${at.outer} * C + j) * I + ${at.inner}`;
  return {
    name: `${shared ? 'indexAdd' : 'scatterAdd'} ${variant}`,
    arrays: ['source', 'index'],
    integers: ['I', 'C', 'N', 'NI'],
    numbers: [],
    body: `${ready}let total = 0.0;
for (let j = 0; j < C; j++) {
  if (index[${shared ? 'j' : element}] == ${at.place}) { total += source[${element}]; }
}
return total;`,
  };
}

/**
 * The sum for pixel (n, c, y, x): for each element of the kernel, the thread computes which window covers the pixel. Integers
 * are C channels, N images, H × W pixels, K × L kernel, S and T strides, D and E dilations, P × Q windows.
 */
export function overlapProgram(size: number): Program {
  const { variant, ready, at } = placesOf(size, {
    image: 'div(this.thread.x, CHW)',
    channel: 'remainder(div(this.thread.x, HW), C)',
    row: 'remainder(div(this.thread.x, W), H)',
    column: 'remainder(this.thread.x, W)',
  });
  const [down, across] = [`${at.row} - i * D`, `${at.column} - j * E`];
  const window = `(${at.channel} * K + i) * L + j) * N + ${at.image}) * P + div(${down}, S)) * Q + div(${across}, T)`;
  return {
    name: `overlapAdd ${variant}`,
    arrays: ['x'],
    integers: ['C', 'N', 'H', 'W', 'K', 'L', 'S', 'T', 'D', 'E', 'P', 'Q', 'HW', 'CHW'],
    numbers: [],
    body: `${ready}let total = 0.0;
for (let i = 0; i < K; i++) {
  if (${down} >= 0 && ${down} < P * S && remainder(${down}, S) == 0) {
    for (let j = 0; j < L; j++) {
      if (${across} >= 0 && ${across} < Q * T && remainder(${across}, T) == 0) { total += x[(((${window}]; }
    }
  }
}
return total;`,
  };
}

/** Two arrays `[outer, A]` and `[outer, B]` side by side; W = A + B. */
export const JOIN: Program = {
  name: 'join',
  arrays: ['a', 'b'],
  integers: ['A', 'B', 'W'],
  numbers: [],
  body: `if (remainder(this.thread.x, W) < A) {
  return a[div(this.thread.x, W) * A + remainder(this.thread.x, W)];
}
return b[div(this.thread.x, W) * B + remainder(this.thread.x, W) - A];`,
};

/** A program and its integer arguments. */
export interface PadCall {
  readonly program: Program;
  readonly integers: readonly number[];
}

/** Pads x of `shape` to `out` with `value`, with `before[a]` elements at the start of axis a. */
export function padCall(shape: Shape, before: readonly number[], out: Shape): PadCall {
  const integers = new Map<string, number>();
  const argument = (name: string, value: number): string => {
    integers.set(name, value);
    return name;
  };
  const steps = stridesOf(shape);
  const own = shape.map((length, axis) => {
    const P = axis === shape.length - 1 ? null : argument(`P${axis}`, sizeOf(out.slice(axis + 1)));
    const L = axis === 0 ? null : argument(`L${axis}`, out[axis]!);
    const index = `${coordinate('this.thread.x', P, L)} - ${argument(`B${axis}`, before[axis]!)}`;
    const outside = `${index} < 0 || ${index} >= ${argument(`N${axis}`, length)}`;
    return { outside, place: `(${index}) * ${argument(`S${axis}`, steps[axis]!)}` };
  });
  const program: Program = {
    name: `pad ${shape.length}`,
    arrays: ['x'],
    integers: [...integers.keys()],
    numbers: ['value'],
    body: `if (${own.map(({ outside }) => outside).join(' || ')}) { return value; }
return x[${own.map(({ place }) => place).join(' + ')}];`,
  };
  return { program, integers: [...integers.values()] };
}
