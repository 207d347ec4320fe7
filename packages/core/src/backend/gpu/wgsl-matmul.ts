/**
 * Matrix products as hand-written webgpu shaders, on gpu.js's device and its buffers. All other modes run the gpu.js kernels of
 * matmul.ts or quads.ts.
 */

import type { MatmulSpec } from '../backend.js';
import type { GpuAdapter, WgslProgram } from './driver.js';
import type { Epilogue } from './wgsl-epilogue.js';
import { registerProduct } from './wgsl-registers.js';
import { TILES, type Tile, tileProduct } from './wgsl-tiles.js';

/** A tile must give a GPU at least this many workgroups. With fewer, a smaller tile is faster. */
const LEAST_GROUPS = 192;

/** The largest tile that keeps a GPU busy, else the smallest. */
function tileOf({ batch, m, n }: MatmulSpec): Tile {
  const groups = ({ rows, columns }: Tile) => batch * Math.ceil(m / rows) * Math.ceil(n / columns);
  return TILES.findLast((tile) => groups(tile) >= LEAST_GROUPS) ?? TILES[0]!;
}

/** A product of at least one row, one column and k ≥ 1. The choice of the kernel depends on the shape and the adapter only. */
export function wgslMatmul(spec: MatmulSpec, epilogue: Epilogue, { software }: GpuAdapter): WgslProgram {
  return software ? registerProduct(spec, epilogue) : tileProduct(spec, epilogue, tileOf(spec));
}
