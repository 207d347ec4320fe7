/** How a convolution is cut into matrix products; see wasm/assembly/convolution-native.ts. */
import type { ConvSpec } from '../backend.js';

/** Most images of a group, and fewest: vectors have 4. */
const [MOST_LANES, LEAST_LANES] = [16, 4];
/** Bytes of the packed images and maps of a group, unless `LEAST_LANES` are larger. */
const MOST_PACKED = 2 ** 22;
/** Bytes of the columns of a band, unless one row of windows is larger. */
const MOST_COLUMNS = 2 ** 19;
/** Parts of the batch whose sums are added up at the end. */
const MOST_SLICES = 8;
/** Floats of a chunk of that addition. */
const SUM_PIECE = 4096;
/** Nanoseconds per multiply-add. */
const COST = 0.02;

/** A convolution as jobs. */
export interface NativePlan {
  /** The numbers of the specification. */
  readonly numbers: readonly number[];
  /** Bytes of the workspace. */
  readonly workspace: number;
  readonly groups: number;
  readonly slices: number;
  /** Chunks of the addition of the slices. */
  readonly sums: number;
  /** Approximate time on one thread. */
  readonly nanoseconds: number;
}

/** @param spec - without a size of 0 */
export function nativePlan(spec: ConvSpec, isWeight: boolean, threads: number): NativePlan {
  const { batch, channels, size, maps, count, kernel, stride, padding, dilation } = spec;
  const depth = channels * kernel[0] * kernel[1];
  const [image, map] = [channels * size[0] * size[1], maps * count[0] * count[1]];
  const isTooMany = (lanes: number): boolean => 4 * lanes * (image + map) > MOST_PACKED || lanes >= 2 * batch;
  let lanes = MOST_LANES;
  while (lanes > LEAST_LANES && isTooMany(lanes)) lanes /= 2;
  const row = 4 * depth * count[1] * lanes;
  const band = Math.min(count[0], Math.max(1, Math.floor(MOST_COLUMNS / row)));
  const groups = Math.ceil(batch / lanes);
  const slices = Math.min(MOST_SLICES, groups);
  const sliceBytes = 16 * Math.ceil((maps * depth) / 4);
  const [mapsAt, columnsAt] = [4 * lanes * image, 4 * lanes * (image + map)];
  const buffersAt = isWeight ? slices * sliceBytes : 0;
  const bufferBytes = columnsAt + band * row;
  const numbers = [
    ...[batch, channels, ...size, maps, ...count, ...kernel, ...stride, ...padding, ...dilation],
    ...[lanes, band, slices, sliceBytes, mapsAt, columnsAt, buffersAt, bufferBytes],
  ];
  return {
    numbers,
    workspace: buffersAt + threads * bufferBytes,
    groups,
    slices,
    sums: Math.ceil((maps * depth) / SUM_PIECE),
    nanoseconds: Math.round(Math.min(batch * map * depth * COST, 1e9)),
  };
}
