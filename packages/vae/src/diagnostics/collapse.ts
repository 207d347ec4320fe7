import { ArgumentError } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import type { LatentStatistics } from './latent-statistics.js';

/** A dimension whose KL is below this, in nats, carries no information about the image. */
const SILENT_KL = 0.01;

/** The dimensions whose posterior equals the prior for every image. */
export interface Collapse {
  /** The collapsed dimensions, counted from 0. */
  dimensions: number[];
  /** Whether all dimensions have collapsed, so that the decoder ignores z. */
  isTotal: boolean;
}

/**
 * The dimensions whose posterior has collapsed: the mean does not vary over the data (variance at most 0.01), and the KL of the
 * dimension, if known, is below 0.01 nats.
 */
export function findCollapse(statistics: LatentStatistics): Collapse {
  if (!ArrayBuffer.isView(statistics?.variance))
    throw new ArgumentError(
      'findCollapse',
      `the argument must be what latentStatistics returned, found ${describeValue(statistics)}`,
    );
  const { variance, active, klPerDimension } = statistics;
  const isSilent = (i: number): boolean =>
    !active.includes(i) && (klPerDimension === null || klPerDimension[i]! < SILENT_KL);
  const dimensions = [...variance.keys()].filter(isSilent);
  return { dimensions, isTotal: dimensions.length === variance.length };
}

/**
 * The result of `findCollapse` as text: which dimensions have collapsed, what that means, and what to try. If none has collapsed, the
 * text is one sentence that says so.
 * @param advice - what to try, in place of the options of this library: `--warm-up linear`
 * @example describeCollapse(await latentStatistics(model, test))
 */
export function describeCollapse(statistics: LatentStatistics, advice?: string): string {
  const { dimensions, isTotal } = findCollapse(statistics);
  const latent = statistics.variance.length;
  const totalKl = statistics.klPerDimension?.reduce((sum, kl) => sum + kl, 0);
  const nats = totalKl === undefined ? '' : `, KL ${totalKl.toFixed(2)} nats in all`;
  if (dimensions.length === 0) {
    const active = statistics.active.length;
    const others = active < latent ? `, and each of the others has a KL of at least ${SILENT_KL} nats` : '';
    return `No dimension of z has collapsed: ${active} of ${latent} are active${others}${nats}.`;
  }
  if (isTotal) {
    return (
      `The posterior has collapsed: none of the ${latent} dimensions of z depends on the image${nats}. ` +
      'q(z|x) is the prior for every image, so the decoder receives no information about the image, and all reconstructions look alike. ' +
      `Try, in this order: ${advice ?? 'a KL weight that rises from 0 (linearWarmUp or cyclicWarmUp), free bits of 0.1 to 0.5 nats per dimension, a beta of at most 1, a smaller learning rate, a decoder with fewer or narrower layers'}.`
    );
  }
  return (
    `${dimensions.length} of ${latent} dimensions of z ${dimensions.length === 1 ? 'has' : 'have'} collapsed (${ranges(dimensions)}): the q(z|x) of ${dimensions.length === 1 ? 'this dimension' : 'these dimensions'} is the prior for every image, ` +
    `and the decoder ignores it; the rest of z carries all the information${nats}. ` +
    'This is harmless if reconstructions are good: z is larger than the data needs, and a smaller latent would be enough. ' +
    `To use all dimensions, try ${advice ?? 'a KL weight that rises from 0 (linearWarmUp), free bits of 0.1 to 0.5 nats per dimension, a beta of at most 1, or a learned prior'}.`
  );
}

/** `0–3, 7` */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}
