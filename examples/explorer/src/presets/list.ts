import { broadcasting } from './broadcasting.js';
import { linearRegression } from './linear-regression.js';
import { detachedLatent } from './museum/detached-latent.js';
import { doubleBackward } from './museum/double-backward.js';
import { dropoutInEvaluation } from './museum/dropout-in-evaluation.js';
import { overflow } from './museum/overflow.js';
import { scaling } from './museum/scaling.js';
import type { Preset } from './preset.js';
import { reparameterization } from './reparameterization.js';
import { scalar } from './scalar.js';
import { softmaxClassifier } from './softmax-classifier.js';
import { vaeStep } from './vae-step.js';

/** All presets, in the order of the menu. */
export const presets: readonly Preset[] = [
  scalar,
  linearRegression,
  softmaxClassifier,
  broadcasting,
  ...reparameterization,
  vaeStep,
  ...scaling,
  ...overflow,
  ...doubleBackward,
  ...detachedLatent,
  ...dropoutInEvaluation,
];
