/** The TypeScript program that does the same as a training. */
import { DEFAULTS, type Settings, widthsOf } from './settings.js';

/** Classes that only the playground has, as text for the program. */
const MEAN_OVER_PIXELS = `/** A likelihood whose logarithm is averaged over the pixels: the mistake that this training shows. */
class MeanOverPixels extends Module implements Likelihood {
  readonly kind = 'mean-over-pixels';
  readonly outputsPerPixel: number;
  constructor(readonly inner: Likelihood, readonly pixels: number) {
    super();
    this.outputsPerPixel = inner.outputsPerPixel;
  }
  logProb(outputs: Tensor, x: Tensor): Tensor {
    return this.inner.logProb(outputs, x).mul(1 / this.pixels);
  }
  mean(outputs: Tensor): Tensor {
    return this.inner.mean(outputs);
  }
  sample(outputs: Tensor): Tensor {
    return this.inner.sample(outputs);
  }
}
`;
const DETACHED = `/** z without the reparameterization: no gradient passes through it. */
class DetachedPosterior extends Module implements PosteriorFamily {
  readonly kind = 'detached';
  readonly isGaussian = true;
  readonly gaussian = new GaussianPosterior();
  draw(q: Posterior, eps: Tensor): Draw {
    const { z, logProb } = this.gaussian.draw(q, eps);
    return { z: z.detach(), logProb };
  }
}
`;

const LIKELIHOODS: Readonly<Record<Settings['likelihood'], string>> = {
  bernoulli: 'new Bernoulli()',
  'continuous-bernoulli': 'new ContinuousBernoulli()',
  gaussian: "new Gaussian({ learned: true, link: 'sigmoid' })",
  laplace: "new Laplace({ link: 'sigmoid' })",
};
const CLASSES = { vae: 'VAE', cvae: 'ConditionalVAE', ae: 'Autoencoder' } as const;
const OPTIMIZERS = { adam: 'Adam', adamw: 'AdamW', sgd: 'SGD' } as const;

/** The images of the program: lines that declare `data`, and what they import. */
function dataLines({ data }: Settings): readonly string[] {
  if (data === 'own')
    return [
      '// Your images: grey values from 0 to 1, image after image.',
      'declare const data: { train: Dataset; test: Dataset };',
    ];
  if (data === 'shapes')
    return [
      "import { generateShapes } from './shapes.js'; // examples/playground/src/data/shapes.ts",
      'const shapes = generateShapes();',
      'const data = { train: shapes.train.data, test: shapes.test.data };',
    ];
  const train = data === 'digits' ? 'firstOf(digits.train, 10_000)' : 'digits.train';
  return [
    "import { mnist } from '@varigrad/vae/node';",
    'const digits = await mnist();',
    `const data = { train: ${train}, test: firstOf(digits.test, 1000) };`,
  ];
}

/**
 * A program whose weights after `steps` steps are those of the training, bit for bit if the machine computes with the same vector
 * instructions. Settings that were changed during the training have their last values.
 * @param steps - where the program stops
 */
export function programOf(settings: Settings, steps: number): string {
  const { model, latent, samples, reduction, gradient, optimizer, learningRate, seed, batchSize } = settings;
  const likelihood = LIKELIHOODS[settings.likelihood];
  const isMean = reduction === 'mean';
  const isDetached = gradient === 'detached' && model !== 'ae';
  const [imports, ...dataRest] =
    dataLines(settings).length === 3 ? dataLines(settings) : ['', ...dataLines(settings)];
  const modelOptions = [
    'inputSize: pixelsOf(data.train)',
    `hidden: [${widthsOf(settings).join(', ')}]`,
    `latent: ${latent}`,
    ...(isMean
      ? [`likelihood: new MeanOverPixels(${likelihood}, pixelsOf(data.train))`]
      : settings.likelihood === 'bernoulli'
        ? []
        : [`likelihood: ${likelihood}`]),
    ...(isDetached ? ['posterior: new DetachedPosterior()'] : []),
    ...(samples > 1 && model !== 'ae' ? [`samples: ${samples}`] : []),
    ...(model === 'cvae' ? ['classes: data.train.classes'] : []),
    `generator: new Generator(${seed})`,
  ];
  const fitOptions = [
    'optimizer',
    `epochs: Math.ceil(${steps} / Math.ceil(data.train.count / ${batchSize}))`,
    `batchSize: ${batchSize}`,
    ...(seed === 0 ? [] : [`seed: ${seed}`]),
    ...(settings.binarization === DEFAULTS.binarization ? [] : [`binarization: '${settings.binarization}'`]),
    ...betaOption(settings),
    ...(settings.freeBits > 0 ? [`freeBits: ${settings.freeBits}`] : []),
    `onStep: () => optimizer.stepCount < ${steps}`,
    'onEpoch: ({ epoch, test }) => console.log(epoch, test), // nats per image',
  ];
  const vae = [
    ...(settings.data === 'own' ? ['type Dataset'] : []),
    ...(isDetached ? ['type Draw', 'GaussianPosterior', 'type Posterior', 'type PosteriorFamily'] : []),
    ...(isMean ? ['type Likelihood'] : []),
    ...(isMean || settings.likelihood !== 'bernoulli' ? [/new (\w+)/.exec(likelihood)![1]!] : []),
    CLASSES[model],
    ...(settings.data.endsWith('digits') ? ['firstOf'] : []),
    'fit',
    ...(settings.warmUp > 0 && model !== 'ae' ? ['linearWarmUp'] : []),
    'pixelsOf',
  ];
  const needsModule = isMean || isDetached;
  return `import { Generator${needsModule ? ', type Tensor' : ''} } from '@varigrad/core';
import { ${OPTIMIZERS[optimizer]}${needsModule ? ', Module' : ''} } from '@varigrad/nn';
import { ${vae.join(', ')} } from '@varigrad/vae';
${imports === '' ? '' : `${imports}\n`}
${isMean ? `${MEAN_OVER_PIXELS}\n` : ''}${isDetached ? `${DETACHED}\n` : ''}${dataRest.join('\n')}
const model = new ${CLASSES[model]}({
  ${modelOptions.join(',\n  ')},
});
const optimizer = new ${OPTIMIZERS[optimizer]}(model.parameters(), { learningRate: ${learningRate} });

await fit(model, data, {
  ${fitOptions.slice(0, -1).join(',\n  ')},
  ${fitOptions.at(-1)}
});
`;
}

function betaOption({ model, beta, warmUp }: Settings): string[] {
  if (model === 'ae' || (beta === 1 && warmUp === 0)) return [];
  return [warmUp > 0 ? `beta: linearWarmUp(${warmUp}, ${beta})` : `beta: ${beta}`];
}
