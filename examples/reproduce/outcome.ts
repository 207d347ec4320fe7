import {
  type Dataset,
  estimateLogLikelihood,
  firstOf,
  type GenerativeModel,
  isLatentModel,
  latentStatistics,
} from '@varigrad/vae';
import type { Row } from './rows.js';

/** Results of a model on the test set, in nats per image. */
export interface Outcome {
  /** Wall time of training, including the evaluation after each epoch. */
  seconds: number;
  loss: number;
  recon: number;
  kl: number;
  /** Latent dimensions whose mean varies over the test set (variance above 0.01). */
  active: number;
  /** −log p(x) of the first 2,000 test images, with 500 importance samples each. */
  nll?: number;
}

const NLL_IMAGES = 2000;
const NLL_SAMPLES = 500;

/** Measures the active units, and the NLL if the row requires it. */
export async function measure(
  { targets: binarization, nll: wanted }: Row,
  model: GenerativeModel,
  test: Dataset,
): Promise<Pick<Outcome, 'active' | 'nll'>> {
  const { active } = await latentStatistics(model, test, { binarization });
  if (!wanted || !isLatentModel(model)) return { active: active.length };
  const images = firstOf(test, NLL_IMAGES);
  const { nll } = await estimateLogLikelihood(model, images, { samples: NLL_SAMPLES, binarization });
  return { active: active.length, nll };
}
