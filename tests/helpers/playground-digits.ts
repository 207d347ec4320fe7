/** The digits of the playground, and trainings on them with the bits of every machine. */
import { createWasm, setBackend } from '@varigrad/core';
import { firstOf } from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import { DEFAULTS, type Settings } from '../../examples/playground/src/engine/settings.js';
import type { Images } from '../../examples/playground/src/engine/trainer.js';

/** Selects wasm with 128-bit vectors and one thread. */
export function usePlainWasm(): void {
  setBackend(createWasm({ simd: 'plain', threads: 1 }));
}

/** The first 10,000 training and 1,000 test digits, as the site ships them. */
export async function playgroundDigits(): Promise<Images> {
  const { train, test } = await mnist();
  return { train: firstOf(train, 10_000), test: firstOf(test, 1000) };
}

/** The default settings with some changed. */
export function settings(changes: Partial<Settings> = {}): Settings {
  return { ...DEFAULTS, ...changes };
}
