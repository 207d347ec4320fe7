/** Statistics of batches whose rows are shared among processes. */
import { dependsOn, onEachCall } from '../compile/active.js';
import type { ReduceOptions } from '../shape.js';
import { currentShare, rowsPerImage } from '../share.js';
import { apply } from '../tape.js';
import type { Op, Tensor } from '../tensor.js';
import { pad } from './pieces.js';

type One = readonly [Tensor];

/** Σ x over the processes. The loss of all is Σ of their losses, so the gradient is Σ dy over the processes. */
const allReduceOp: Op<One> = {
  name: 'allReduce',
  shape: ([x]) => x,
  forward: (k, [x]) => {
    const sum = k.strided(x.values, { shape: [x.values.length], strides: [1], offset: 0 });
    k.allReduce(
      [sum],
      onEachCall(() => currentShare()!.peers!),
    );
    return sum;
  },
  vjp: (dy) => [() => apply(allReduceOp, [dy], undefined)],
};

/** The share of this call if other processes compute the rest of the batch, else null. A recording holds for this division only. */
function sharedBatch(): { readonly start: number; readonly size: number; readonly total: number } | null {
  if (rowsPerImage() === 0) return null; // all processes have the same rows
  const share = currentShare();
  dependsOn(division);
  return share === null || share.peers === null ? null : share;
}

/** The division of the batch among processes, as a text. */
function division(): string {
  const share = currentShare();
  return share === null || share.peers === null ? '' : `${share.start} ${share.size} ${share.total}`;
}

/** The mean over axes among which is that of the batch: of all rows, if several processes share them. */
export function batchMean(x: Tensor, options: ReduceOptions): Tensor {
  const share = sharedBatch();
  const mean = x.mean(options);
  return share === null ? mean : apply(allReduceOp, [mean.mul(share.size / share.total)], undefined);
}

/** The rows of the whole batch, `[k · size, …]` → `[k · total, …]`: those of all processes in their order. */
export function wholeBatch(x: Tensor): Tensor {
  const share = sharedBatch();
  if (share === null) return x;
  const perImage = x.shape[0]! / share.size;
  const before = perImage * share.start;
  const after = perImage * share.total - before - x.shape[0]!;
  const widths = x.shape.map((_, axis) => (axis === 0 ? ([before, after] as const) : ([0, 0] as const)));
  return apply(allReduceOp, [pad(x, widths)], undefined);
}

/** Number of rows of the batch that `rows` rows computed here belong to. */
export function batchRows(rows: number): number {
  const share = sharedBatch();
  return share === null ? rows : (rows / share.size) * share.total;
}
