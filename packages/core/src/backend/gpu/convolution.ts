/**
 * Convolutions: each thread adds up one element. Integers are C channels, M maps, H × W pixels, P × Q windows, K × L kernel,
 * S and T strides, D and E dilations, A and B paddings, and products of them.
 */
import { sizeOf } from '../../shape.js';
import type { ConvSpec } from '../backend.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { type Program, placesOf } from './program.js';

const GEOMETRY = ['C', 'M', 'H', 'W', 'P', 'Q', 'K', 'L', 'S', 'T', 'D', 'E', 'A', 'B'];

function integersOf({ channels, maps, size, count, kernel, stride, dilation, padding }: ConvSpec): number[] {
  return [channels, maps, ...size, ...count, ...kernel, ...stride, ...dilation, ...padding];
}

/** The position of pixel element `i` of window `window`, and the condition that it is inside of the image. */
function pixelOf(window: string, [stride, i, dilation, padding, length]: readonly string[]) {
  const at = `${window} * ${stride} + ${i} * ${dilation} - ${padding}`;
  return { at, inside: `${at} >= 0 && ${at} < ${length}` };
}

const DOWN = ['S', 'i', 'D', 'A', 'H'];
const ACROSS = ['T', 'j', 'E', 'B', 'W'];

/** Element (n, m, p, q) of the maps. */
function mapsProgram(size: number, biased: boolean): Program {
  const { variant, ready, at } = placesOf(size, {
    image: 'div(this.thread.x, MPQ)',
    map: 'remainder(div(this.thread.x, PQ), M)',
    down: 'remainder(div(this.thread.x, Q), P)',
    across: 'remainder(this.thread.x, Q)',
  });
  const [row, column] = [pixelOf(at.down, DOWN), pixelOf(at.across, ACROSS)];
  return {
    name: `conv2d ${biased ? 'biased' : ''} ${variant}`,
    arrays: ['x', 'w', ...(biased ? ['bias'] : [])],
    integers: [...GEOMETRY, 'PQ', 'MPQ'],
    numbers: [],
    body: `${ready}let total = 0.0;
for (let c = 0; c < C; c++) {
  for (let i = 0; i < K; i++) {
    if (${row.inside}) {
      for (let j = 0; j < L; j++) {
        if (${column.inside}) {
          total += x[((${at.image} * C + c) * H + ${row.at}) * W + ${column.at}] * w[((${at.map} * C + c) * K + i) * L + j];
        }
      }
    }
  }
}
return total${biased ? ` + bias[${at.map}]` : ''};`,
  };
}

/** Element (n, c, y, x) of the images: for each element of the kernel, the thread computes which window covers the pixel. */
function imagesProgram(size: number, biased: boolean): Program {
  const { variant, ready, at } = placesOf(size, {
    image: 'div(this.thread.x, CHW)',
    channel: 'remainder(div(this.thread.x, HW), C)',
    row: 'remainder(div(this.thread.x, W), H)',
    column: 'remainder(this.thread.x, W)',
  });
  const [down, across] = [`${at.row} + A - i * D`, `${at.column} + B - j * E`];
  return {
    name: `convTranspose2d ${biased ? 'biased' : ''} ${variant}`,
    arrays: ['y', 'w', ...(biased ? ['bias'] : [])],
    integers: [...GEOMETRY, 'HW', 'CHW'],
    numbers: [],
    body: `${ready}let total = 0.0;
for (let i = 0; i < K; i++) {
  if (${down} >= 0 && ${down} < P * S && remainder(${down}, S) == 0) {
    for (let j = 0; j < L; j++) {
      if (${across} >= 0 && ${across} < Q * T && remainder(${across}, T) == 0) {
        for (let m = 0; m < M; m++) {
          total += y[((${at.image} * M + m) * P + div(${down}, S)) * Q + div(${across}, T)] * w[((m * C + ${at.channel}) * K + i) * L + j];
        }
      }
    }
  }
}
return total${biased ? ` + bias[${at.channel}]` : ''};`,
  };
}

/** Element (piece, m, c, i, j): the sum over F of the N images, for one element of the weight. */
function weightProgram(size: number): Program {
  const { variant, ready, at } = placesOf(size, {
    piece: 'div(this.thread.x, MCKL)',
    map: 'remainder(div(this.thread.x, CKL), M)',
    channel: 'remainder(div(this.thread.x, KL), C)',
    kernelRow: 'remainder(div(this.thread.x, L), K)',
    kernelColumn: 'remainder(this.thread.x, L)',
  });
  const row = pixelOf('p', DOWN.with(1, at.kernelRow));
  const column = pixelOf('q', ACROSS.with(1, at.kernelColumn));
  const image = `(${at.piece} * F + n)`;
  return {
    name: `conv2dWeight ${variant}`,
    arrays: ['x', 'y'],
    integers: [...GEOMETRY, 'KL', 'CKL', 'MCKL', 'F', 'N'],
    numbers: [],
    body: `${ready}let total = 0.0;
for (let n = 0; n < F; n++) {
  if (${image} < N) {
    for (let p = 0; p < P; p++) {
      if (${row.inside}) {
        for (let q = 0; q < Q; q++) {
          if (${column.inside}) {
            total += x[((${image} * C + ${at.channel}) * H + ${row.at}) * W + ${column.at}] * y[((${image} * M + ${at.map}) * P + p) * Q + q];
          }
        }
      }
    }
  }
}
return total;`,
  };
}

/** Threads that a sum over images is shared by, if there are enough images. */
const MANY_THREADS = 2 ** 18;

export function convolve(
  machine: Machine,
  transposed: boolean,
  x: GpuArray,
  weight: GpuArray,
  bias: GpuArray | null,
  spec: ConvSpec,
): GpuArray {
  const [channels, size] = transposed ? [spec.channels, spec.size] : [spec.maps, spec.count];
  const total = spec.batch * channels * sizeOf(size);
  // Sums over 0 channels read nothing, but every operand must have memory.
  const stand = x.length === 0 || weight.length === 0 ? machine.constant(1, 0) : null;
  const operands = [stand ?? x, stand ?? weight, ...(bias === null ? [] : [bias])];
  const program = (transposed ? imagesProgram : mapsProgram)(total, bias !== null);
  const integers = [...integersOf(spec), sizeOf(size), channels * sizeOf(size)];
  const result = machine.launch(program, operands, total, integers);
  if (stand !== null) machine.release(stand);
  return result;
}

/** The sums of a part of the images, `[pieces, maps, channels, ...kernel]`, and the number of parts. */
export function weightPieces(
  machine: Machine,
  x: GpuArray,
  y: GpuArray,
  spec: ConvSpec,
): { sums: GpuArray; pieces: number } {
  const { batch, maps, channels, kernel } = spec;
  const size = maps * channels * sizeOf(kernel);
  const most = Math.min(batch, Math.ceil(MANY_THREADS / size));
  const images = Math.ceil(batch / most);
  const pieces = Math.ceil(batch / images);
  const products = [sizeOf(kernel), channels * sizeOf(kernel), size];
  const integers = [...integersOf(spec), ...products, images, batch];
  return { sums: machine.launch(weightProgram(pieces * size), [x, y], pieces * size, integers), pieces };
}
