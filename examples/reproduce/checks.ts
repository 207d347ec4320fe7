/** Numerical checks of what the pictures of the models must show. */
import { Generator, noGrad, scope } from '@varigrad/core';
import {
  binarizeDataset,
  classAccuracy,
  classifierAccuracy,
  codesOf,
  type Dataset,
  estimateLogLikelihood,
  firstOf,
  type GenerativeModel,
  isLatentModel,
  masking,
  predictClasses,
  reconstructionError,
  trainClassifier,
} from '@varigrad/vae';
import type { mnist } from '@varigrad/vae/node';

/** One measured number. */
export interface Check {
  what: string;
  /** The result of an independent implementation, and the requirement, as text. */
  reference: string;
  required: string;
  found: string;
  ok: boolean;
}

/** Returns the trained model of a row. */
export type ModelOf = (id: string) => Promise<GenerativeModel>;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Runs all checks. @param model - returns the trained model of a row's id */
export async function pictureChecks(
  model: ModelOf,
  { train, test }: Awaited<ReturnType<typeof mnist>>,
): Promise<Check[]> {
  const classifier = await trainClassifier(train);
  const accuracy = await classifierAccuracy(classifier, test);
  const cvae = await model('cvae-z2-threshold');
  const drawn = await classAccuracy(cvae, classifier);
  const transferred = await classAccuracy(cvae, classifier, {
    from: firstOf(test, 500),
    binarization: 'threshold',
  });
  const wide = await classAccuracy(await model('cvae-threshold'), classifier);
  return [
    ...(await spreadChecks(model, test)),
    ...(await coverageChecks(model, classifier)),
    ...(await denoisingChecks(model, test)),
    check(
      'classifier 784-400-10, accuracy on test digits',
      '97.5 %',
      '≥ 97 %',
      accuracy,
      percent,
      accuracy >= 0.97,
    ),
    check(
      'CVAE z=2: prior samples classified as requested',
      '99.7 %',
      '≥ 97 %',
      drawn.accuracy,
      percent,
      drawn.accuracy >= 0.97,
    ),
    check(
      'CVAE z=2: style transfer classified as requested',
      '99.6 %',
      '≥ 97 %',
      transferred.accuracy,
      percent,
      transferred.accuracy >= 0.97,
    ),
    check('CVAE z=20: prior samples classified as requested', '58 %', 'none', wide.accuracy, percent, true),
    ...(await importanceChecks(model, test)),
  ];
}

function check(
  what: string,
  reference: string,
  required: string,
  value: number,
  format: (value: number) => string,
  ok: boolean,
): Check {
  return { what, reference, required, found: format(value), ok };
}

/** Standard deviations of a 2-D code over 500 test images. */
async function spreadChecks(model: ModelOf, test: Dataset): Promise<Check[]> {
  const shown = binarizeDataset(firstOf(test, 500), 'threshold', new Generator(0)); // the targets of these models
  const spread = async (id: string): Promise<{ text: string; stds: number[] }> => {
    const codes = await codesOf(await model(id), shown);
    const stds = [0, 1].map((axis) => deviation(codes.filter((_, i) => i % 2 === axis)));
    const largest = codes.reduce((most, z) => Math.max(most, Math.abs(z)), 0);
    return { text: `${stds.map((s) => s.toFixed(2)).join(' and ')}, largest ${largest.toFixed(1)}`, stds };
  };
  const [ae, vae] = [await spread('ae-z2-threshold'), await spread('vae-z2-threshold')];
  return [
    {
      what: 'AE z=2: standard deviations of the codes',
      reference: '4.6 and 5.4, largest 21.8',
      required: '> 2.5',
      found: ae.text,
      ok: ae.stds.every((s) => s > 2.5),
    },
    {
      what: 'VAE z=2: standard deviations of the means',
      reference: '1.34 and 1.13, largest 4.3',
      required: '0.8 to 1.5',
      found: vae.text,
      ok: vae.stds.every((s) => s >= 0.8 && s <= 1.5),
    },
  ];
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, z) => sum + (z - mean) ** 2, 0) / values.length);
}

/** Number of classes that a classifier finds among 2,000 decoded z ~ N(0, I); a class counts if it has at least 1 in 200. */
async function coverageChecks(
  model: ModelOf,
  classifier: Awaited<ReturnType<typeof trainClassifier>>,
): Promise<Check[]> {
  const found = async (id: string): Promise<number> => {
    const decoder = await model(id);
    const images = noGrad(() =>
      scope(() =>
        decoder.likelihood.mean(decoder.decode(decoder.samplePrior(2000, { generator: new Generator(5) }))),
      ),
    );
    const classes = await predictClasses(classifier, images);
    images.dispose();
    return Array.from({ length: 10 }, (_, c) => classes.filter((label) => label === c).length).filter(
      (count) => count >= 10,
    ).length;
  };
  const [ae, vae] = [await found('ae-z2-threshold'), await found('vae-z2-threshold')];
  const whole = String;
  return [
    check('VAE z=2: classes among decoded z ~ N(0, I)', 'all', '10', vae, whole, vae === 10),
    check('AE z=2: classes among decoded z ~ N(0, I)', 'some are missed', '< 10', ae, whole, ae < 10),
  ];
}

async function denoisingChecks(model: ModelOf, test: Dataset): Promise<Check[]> {
  const options = { binarization: 'threshold', corruption: masking(0.5) } as const;
  const dae = await reconstructionError(await model('dae-masked'), test, options);
  const ae = await reconstructionError(await model('ae-threshold'), test, options);
  const input = dae.wrongInputPixels;
  return [
    check(
      'DAE z=20: wrong pixels with half the pixels masked',
      '3.6 %',
      '≤ 4 %',
      dae.wrongPixels,
      percent,
      dae.wrongPixels <= 0.04,
    ),
    check(
      'AE z=20: the same',
      '8.3 %',
      'worse than the DAE',
      ae.wrongPixels,
      percent,
      ae.wrongPixels > dae.wrongPixels,
    ),
    check('the masked input itself', '6.7 %', '', input, percent, true),
  ];
}

/** The estimate must fall as k grows, because the bound gets tighter. */
async function importanceChecks(model: ModelOf, test: Dataset): Promise<Check[]> {
  const vae = await model('vae-threshold');
  if (!isLatentModel(vae)) throw new Error('a VAE has a latent variable');
  const images = firstOf(test, 1000);
  const estimates: number[] = [];
  for (const samples of [1, 10, 100, 1000]) {
    const { nll } = await estimateLogLikelihood(vae, images, { samples, binarization: 'threshold' });
    estimates.push(nll);
  }
  const falls = estimates.every((nll, i) => i === 0 || nll < estimates[i - 1]!);
  return [
    {
      what: 'threshold VAE: NLL of 1,000 images, k = 1 / 10 / 100 / 1000',
      reference: '87.79 / 83.93 / 82.33 / 81.42',
      required: 'falls',
      found: estimates.map((nll) => nll.toFixed(2)).join(' / '),
      ok: falls,
    },
  ];
}
