/** Options of the command line that may help a run that went wrong. */
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { hasEffect } from './schema/complete.js';

/** An option to try, and the runs in which it helps. It must have an effect in them. */
interface Remedy {
  key: keyof RunConfig;
  text: string;
  isUseful?(config: RunConfig): boolean;
}

const AGAINST_COLLAPSE: readonly Remedy[] = [
  { key: 'warmUp', text: '--warm-up linear', isUseful: ({ warmUp }) => warmUp === 'none' },
  { key: 'freeBits', text: '--free-bits 0.1', isUseful: ({ freeBits }) => freeBits === 0 },
  { key: 'beta', text: '--beta 1', isUseful: ({ beta }) => beta > 1 },
  { key: 'learningRate', text: 'a smaller --learning-rate' },
  { key: 'hidden', text: 'fewer or narrower --hidden layers' },
  { key: 'channels', text: 'fewer --channels' },
];

/** What to try against collapsed dimensions of z, as options that have an effect on such a run. */
export function collapseAdvice(config: RunConfig): string {
  return AGAINST_COLLAPSE.filter(
    ({ key, isUseful }) => hasEffect(RUN_OPTIONS, key, { ...config }) && isUseful?.(config) !== false,
  )
    .map(({ text }) => text)
    .join(', ');
}

/** What to try after a NaN or an Infinity: options for a new run. */
export function divergenceAdvice({ clip, learningRate }: RunConfig): string {
  const clipped = clip === 0 ? 100 : clip / 10;
  return `--clip ${clipped} or a smaller --learning-rate, such as ${learningRate / 10}`;
}
