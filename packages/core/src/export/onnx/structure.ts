/** Operations that move elements or select them, as ONNX nodes. */
import type { Length } from '../length.js';
import { sameLength, sumOf } from '../length.js';
import { fixed, type OnnxBuilder, type Operand } from './builder.js';
import type { Convert } from './convert.js';

/** The end of a slice that runs backwards to the first element: the smallest int64 that a number holds exactly. */
const BEFORE_FIRST = -(2 ** 62);

const slice: Convert<{ start: readonly Length[]; shape: readonly Length[] }> = (b, { params }, [x]) => {
  const { start, shape } = params;
  const axes = shape.flatMap((length, axis) => (sameLength(length, x!.shape[axis]!) ? [] : [axis]));
  if (axes.length === 0) return b.add('Identity', [x!.name]);
  const starts = axes.map((axis) => start[axis]!);
  const ends = axes.map((axis) => sumOf(start[axis]!, shape[axis]!));
  return b.add('Slice', [x!.name, b.lengths(starts), b.lengths(ends), b.ints(axes)]);
};

const flip: Convert<{ axes: readonly number[] }> = (b, { params: { axes } }, [x]) => {
  if (axes.length === 0) return b.add('Identity', [x!.name]);
  const all = (value: number): string => b.ints(axes.map(() => value));
  return b.add('Slice', [x!.name, all(-1), all(BEFORE_FIRST), b.ints(axes), all(-1)]);
};

const pad: Convert<{ before: readonly Length[]; after: readonly Length[]; value: Length }> = (
  b,
  node,
  [x],
) => {
  const { before, after } = node.params;
  if (before.length === 0) return b.add('Identity', [x!.name]);
  const [value] = fixed(node, 'the value', [node.params.value]);
  return b.add('Pad', [x!.name, b.lengths([...before, ...after]), b.scalar(value!)]);
};

/** Zeros of a shape, into which elements are added at indices. */
function zeros(b: OnnxBuilder, shape: readonly Length[]): string {
  return b.expand(b.scalar(0), [], shape);
}

function addInto(
  b: OnnxBuilder,
  shape: readonly Length[],
  { axis, index, source }: { axis: number; index: string; source: Operand },
): string {
  const empty = zeros(b, shape);
  if (source.shape.includes(0)) return empty;
  return b.add('ScatterElements', [empty, index, source.name], { axis, reduction: 'add' });
}

/** The indices of each element of a window on one axis, `[kernel, windows]`. */
function windowPlaces(
  b: OnnxBuilder,
  kernel: number,
  count: number,
  stride: number,
  dilation: number,
): string {
  const places = Float32Array.from(
    { length: kernel * count },
    (_, e) => (e % count) * stride + Math.floor(e / count) * dilation,
  );
  return b.toInts(b.constant(`${b.scope}/places`, [kernel, count], places));
}

type Pair = readonly [number, number];

/** `[batch, channels, height, width]` → `[channels, kernel height, kernel width, batch, windows down, windows across]` */
const windows: Convert<{ kernel: Pair; stride: Pair; dilation: Pair }> = (b, node, [x]) => {
  const { kernel, stride, dilation } = node.params;
  const count = fixed(node, 'the number of windows', node.shape.slice(4)) as Pair;
  const gather = (from: string, axis: number, a: 0 | 1): string =>
    b.add('Gather', [from, windowPlaces(b, kernel[a], count[a], stride[a], dilation[a])], { axis });
  const across = gather(gather(x!.name, 2, 0), 4, 1); // [batch, channels, kernel h, down, kernel w, across]
  return b.add('Transpose', [across], { perm: [1, 2, 4, 0, 3, 5] });
};

export const STRUCTURE_NODES: Readonly<Record<string, Convert<never>>> = {
  input: (_, { name }) => name,
  full: (b, { values, shape }) => b.expand(b.scalar(values![0]!), [], shape),
  clone: (b, _, [x]) => b.add('Identity', [x!.name]),
  reshape: (b, { shape }, [x]) => b.reshape(x!.name, shape),
  expand: (b, { shape }, [x]) => b.expand(x!.name, x!.shape, shape),
  permute: (b, { params: { axes } }: { params: { axes: readonly number[] } }, [x]) =>
    b.add('Transpose', [x!.name], { perm: axes }),
  slice,
  flip,
  pad,
  concat: (b, { params: { axis } }: { params: { axis: number } }, parts) =>
    b.add(
      'Concat',
      parts.map(({ name }) => name),
      { axis },
    ),
  indexSelect: (b, { params: { axis } }: { params: { axis: number } }, [x, index]) =>
    b.add('Gather', [x!.name, b.toInts(index!.name)], { axis }),
  gather: (b, { params: { axis } }: { params: { axis: number } }, [x, index]) =>
    b.add('GatherElements', [x!.name, b.toInts(index!.name)], { axis }),
  scatterAdd: (
    b,
    { params: { axis }, shape }: { params: { axis: number }; shape: readonly Length[] },
    [source, index],
  ) => addInto(b, shape, { axis, index: b.toInts(index!.name), source: source! }),
  indexAdd: (
    b,
    { params: { axis }, shape }: { params: { axis: number }; shape: readonly Length[] },
    [source, index],
  ) => {
    // The same index for each element beside the axis.
    const aligned = source!.shape.map((length, a) => (a === axis ? length : 1));
    const column = b.reshape(b.toInts(index!.name), aligned);
    return addInto(b, shape, { axis, index: b.expand(column, aligned, source!.shape), source: source! });
  },
  windows,
};
