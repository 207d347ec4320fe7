/** Runs ONNX graphs of a few operators in float64, from the operators' definitions, without code of the library. */
import type { OnnxFile, OnnxFileNode, OnnxTensor } from './onnx-file.js';

type Run = (inputs: OnnxTensor[], attributes: OnnxFileNode['attributes']) => OnnxTensor;

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The index of an element along each axis. */
function indexOf(shape: readonly number[], element: number): number[] {
  let rest = element;
  return shape
    .toReversed()
    .map((length) => {
      const place = rest % length;
      rest = (rest - place) / length;
      return place;
    })
    .reverse();
}

function build(shape: number[], value: (index: number[]) => number): OnnxTensor {
  return { shape, data: Array.from({ length: sizeOf(shape) }, (_, i) => value(indexOf(shape, i))) };
}

/** The element at an index; axes of length 1 and missing axes are broadcast. */
function at({ shape, data }: OnnxTensor, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[shape.reduce((place, length, axis) => place * length + (length === 1 ? 0 : own[axis]!), 0)]!;
}

function broadcast(...shapes: number[][]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return lengths.find((length) => length !== 1) ?? 1;
  });
}

const each =
  (f: (...numbers: number[]) => number): Run =>
  (inputs) =>
    build(broadcast(...inputs.map(({ shape }) => shape)), (index) => f(...inputs.map((x) => at(x, index))));

const gemm: Run = ([a, b, c], { transB }) => {
  const [rows, inner] = a!.shape as [number, number];
  const columns = b!.shape[transB === 1 ? 0 : 1]!;
  return build([rows, columns], ([i, j]) => {
    let sum = c === undefined ? 0 : at(c, [i!, j!]);
    for (let k = 0; k < inner; k++) sum += at(a!, [i!, k]) * at(b!, transB === 1 ? [j!, k] : [k, j!]);
    return sum;
  });
};

const concat: Run = (parts, { axis }) => {
  const a = axis as number;
  const shape = parts[0]!.shape.with(
    a,
    parts.reduce((sum, part) => sum + part.shape[a]!, 0),
  );
  return build(shape, (index) => {
    let place = index[a]!;
    const part = parts.find((p) => {
      if (place < p.shape[a]!) return true;
      place -= p.shape[a]!;
      return false;
    });
    return at(part!, index.with(a, place));
  });
};

/** −1 stands for the length that is left; 0 for the operand's own length, unless `allowzero` is 1. */
const reshape: Run = ([x, wanted], { allowzero }) => {
  const shape = wanted!.data.map((length, axis) =>
    length === 0 && allowzero !== 1 ? x!.shape[axis]! : length,
  );
  const known = sizeOf(shape.filter((length) => length !== -1));
  return { data: x!.data, shape: shape.map((length) => (length === -1 ? x!.data.length / known : length)) };
};

const convTranspose: Run = ([x, weight, bias], attributes) => {
  const [strides, pads, extra] = ['strides', 'pads', 'output_padding'].map(
    (key) => attributes[key] as number[],
  );
  const [batch, , height, width] = x!.shape as [number, number, number, number];
  const [inputs, maps, down, across] = weight!.shape as [number, number, number, number];
  const side = (length: number, kernel: number, a: 0 | 1): number =>
    (length - 1) * strides![a]! + kernel - pads![a]! - pads![a + 2]! + extra![a]!;
  const shape = [batch, maps, side(height, down, 0), side(width, across, 1)];
  return build(shape, ([n, m, row, column]) => {
    let sum = bias === undefined ? 0 : at(bias, [m!]);
    for (let c = 0; c < inputs; c++)
      for (let p = 0; p < height; p++)
        for (let q = 0; q < width; q++) {
          const i = row! + pads![0]! - p * strides![0]!;
          const j = column! + pads![1]! - q * strides![1]!;
          if (i < 0 || i >= down || j < 0 || j >= across) continue;
          sum += at(x!, [n!, c, p, q]) * at(weight!, [c, m!, i, j]);
        }
    return sum;
  });
};

const OPERATORS: Readonly<Record<string, Run>> = {
  Identity: ([x]) => x!,
  Add: each((a, b) => a + b),
  Sub: each((a, b) => a - b),
  Mul: each((a, b) => a * b),
  Div: each((a, b) => a / b),
  Neg: each((x) => -x),
  Abs: each(Math.abs),
  Sign: each(Math.sign),
  Atan: each(Math.atan),
  Equal: each((a, b) => Number(a === b)),
  Less: each((a, b) => Number(a < b)),
  Greater: each((a, b) => Number(a > b)),
  IsNaN: each((x) => Number(Number.isNaN(x))),
  Not: each((x) => 1 - x),
  And: each((a, b) => a * b),
  Or: each(Math.max),
  Where: each((condition, a, b) => (condition === 1 ? a : b)),
  Exp: each(Math.exp),
  Reciprocal: each((x) => 1 / x),
  Sqrt: each(Math.sqrt),
  Relu: each((x) => Math.max(x, 0)),
  Sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  Shape: ([x], { start, end }) => {
    const data = x!.shape.slice(start as number, end as number);
    return { data, shape: [data.length] };
  },
  Expand: ([x, wanted]) => build(broadcast(x!.shape, wanted!.data), (index) => at(x!, index)),
  Slice: ([x, starts, ends, axes]) => {
    const clamp = (place: number, length: number): number =>
      Math.min(length, place < 0 ? place + length : place);
    const from = x!.shape.map((length, axis) => {
      const i = axes!.data.indexOf(axis);
      return i < 0 ? [0, length] : [clamp(starts!.data[i]!, length), clamp(ends!.data[i]!, length)];
    });
    return build(
      from.map(([start, end]) => end! - start!),
      (index) =>
        at(
          x!,
          index.map((place, axis) => place + from[axis]![0]!),
        ),
    );
  },
  Transpose: ([x], { perm }) => {
    const axes = perm as number[];
    return build(
      axes.map((axis) => x!.shape[axis]!),
      (index) =>
        at(
          x!,
          axes.map((_, axis) => index[axes.indexOf(axis)]!),
        ),
    );
  },
  MatMul: ([a, b]) => gemm([a!, b!], {}),
  Gemm: gemm,
  Concat: concat,
  Reshape: reshape,
  ConvTranspose: convTranspose,
};

/** The results of the graph. @throws Error for an operator that is not in the table */
export function runOnnx(file: OnnxFile, inputs: Record<string, OnnxTensor>): Record<string, OnnxTensor> {
  const values = new Map([...file.initializers, ...Object.entries(inputs)]);
  for (const { type, inputs: names, outputs, attributes } of file.nodes) {
    const run = OPERATORS[type];
    if (run === undefined) throw new Error(`the interpreter has no operator ${type}`);
    const operands = names.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`${name} is used before it is computed`);
      return value;
    });
    values.set(outputs[0]!, run(operands, attributes));
  }
  return Object.fromEntries(Object.keys(file.outputs).map((name) => [name, values.get(name)!]));
}
