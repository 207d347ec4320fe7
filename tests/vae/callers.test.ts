/**
 * What callers without a type checker get for wrong arguments and options of vae: one sentence, word for word, and never a TypeError.
 * Each row is a whole call as text, as such a caller writes it.
 */
import * as core from '@varigrad/core';
import * as nn from '@varigrad/nn';
import * as vae from '@varigrad/vae';
import { test } from 'uvu';
import { refusedCalls } from '../helpers/refused-calls.js';
import { refuses } from '../helpers/refuses.js';

const model = new vae.VAE({ inputSize: 4, latent: 2, hidden: [3] });
const images: vae.Dataset = {
  images: new Float32Array(8),
  labels: new Uint8Array(2),
  count: 2,
  imageShape: [2, 2],
  classes: 2,
};

const scope = {
  ...core,
  ...nn,
  ...vae,
  model,
  images,
  conditional: new vae.ConditionalVAE({ inputSize: 4, latent: 2, hidden: [3], classes: 2 }),
  empty: { ...images, count: 0 },
  data: { train: images, test: images },
  optimizer: new nn.Adam(model.parameters()),
  classifier: new vae.Classifier(new nn.Linear(4, 2)),
  x: core.zeros([2, 4]),
  batch: { images: images.images, labels: images.labels, size: 2 },
};

const refused = refusedCalls(scope);

const FOUND = '{ images, labels, count, imageShape, classes }';
const SHARED = 'inputSize, hidden, activation, likelihood, encoder, decoder, generator';

refused('models', [
  [
    'new VAE({ lantent: 3 })',
    `VAE: unknown option 'lantent' — did you mean 'latent'? (options: latent, ${SHARED}, posterior, prior, kl, samples)`,
  ],
  ['new VAE(20)', 'VAE: options must be an object, found 20 — write new VAE({ latent: 20 })'],
  ['new VAE(null)', 'VAE: options must be an object, found null — write new VAE({ latent: … })'],
  ["new VAE({ latent: '3' })", "VAE: latent must be a whole number above 0, found '3'"],
  ['new VAE({ inputSize: [28, 28] })', 'VAE: inputSize must be a whole number above 0, found [28, 28]'],
  [
    'new VAE({ hidden: 400 })',
    'VAE: hidden must be an array, found 400 — write new VAE({ hidden: [400, …] })',
  ],
  ["new VAE({ hidden: ['400'] })", "VAE: a width in hidden must be a whole number above 0, found '400'"],
  ['new VAE({ samples: 0 })', 'VAE: samples must be a whole number above 0, found 0'],
  [
    "new VAE({ kl: 'close' })",
    "VAE: kl must be one of 'closed', 'sampled', found 'close' — did you mean 'closed'?",
  ],
  [
    "new VAE({ likelihood: 'bernoulli' })",
    "VAE: likelihood must be a likelihood, such as new Bernoulli(), found 'bernoulli'",
  ],
  [
    'new VAE({ likelihood: Bernoulli })',
    'VAE: likelihood must be a likelihood, such as new Bernoulli(), found a function',
  ],
  ['new VAE({ decoder: relu })', 'VAE: decoder must be a module with a forward method, found a function'],
  ['new VAE({ prior: {} })', 'VAE: prior must be a prior, such as new StandardNormal(latent), found {}'],
  [
    "new VAE({ posterior: 'gaussian' })",
    "VAE: posterior must be a posterior, such as new GaussianPosterior(), found 'gaussian'",
  ],
  [
    "new VAE({ activation: 'elu' })",
    "Linear: activation must be one of 'none', 'relu', 'sigmoid', 'tanh', found 'elu' — did you mean 'relu'?",
  ],
  [
    'new ConditionalVAE({ clases: 3 })',
    `ConditionalVAE: unknown option 'clases' — did you mean 'classes'? (options: classes, latent, ${SHARED}, posterior, prior, kl, samples)`,
  ],
  [
    'new ConditionalVAE({ classes: null })',
    'ConditionalVAE: classes must be a whole number above 0, found null',
  ],
  ['new ConditionalVAE({ latent: -1 })', 'ConditionalVAE: latent must be a whole number above 0, found -1'],
  [
    'new TotalCorrelationVAE({ dataset: 9 })',
    `TotalCorrelationVAE: unknown option 'dataset' (options: datasetSize, latent, ${SHARED}, posterior, prior, kl, samples)`,
  ],
  [
    'new IWAE({ kl: 1 })',
    `IWAE: unknown option 'kl' (options: latent, ${SHARED}, posterior, prior, samples, gradient)`,
  ],
  [
    "new IWAE({ gradient: 'drag' })",
    "IWAE: gradient must be one of 'standard', 'dreg', found 'drag' — did you mean 'dreg'?",
  ],
  [
    "new SemiSupervisedVAE({ alpha: '10' })",
    "SemiSupervisedVAE: alpha must be a number of at least 0, found '10'",
  ],
  [
    'new SemiSupervisedVAE({ samples: 2 })',
    `SemiSupervisedVAE: unknown option 'samples' (options: alpha, classifier, classes, latent, ${SHARED}, posterior, prior, kl)`,
  ],
  [
    'new Autoencoder({ code_activation: 1 })',
    `Autoencoder: unknown option 'code_activation' — did you mean 'codeActivation'? (options: latent, codeActivation, ${SHARED})`,
  ],
  [
    'new DenoisingAutoencoder({ latent: 0 })',
    'DenoisingAutoencoder: latent must be a whole number above 0, found 0',
  ],
  [
    "new DenoisingAutoencoder({ corruption: 'masking' })",
    "DenoisingAutoencoder: corruption must be a corruption, such as masking(0.5), found 'masking'",
  ],
  [
    'new Made({ latent: 9 })',
    "Made: unknown option 'latent' (options: inputSize, hidden, activation, generator)",
  ],
  [
    'new Made({ hidden: 400 })',
    'Made: hidden must be an array, found 400 — write new Made({ hidden: [400, …] })',
  ],
  ["new VQVAE({ vectors: '10' })", "VQVAE: vectors must be a whole number above 0, found '10'"],
  [
    'new VQVAE({ codebook: 64 })',
    `VQVAE: unknown option 'codebook' (options: vectors, width, codebookSize, commitment, restartBelow, ${SHARED})`,
  ],
  [
    'new RelaxedCategoricalVAE({ categories: 1 })',
    'RelaxedCategoricalVAE: categories must be a whole number of at least 2, found 1',
  ],
  [
    "new RelaxedCategoricalVAE({ temperature: 'low' })",
    "RelaxedCategoricalVAE: temperature must be a number or a function of the step, found 'low'",
  ],
]);

refused('methods of models', [
  ['model.elbo()', 'elbo: x must be a tensor, found undefined'],
  ['model.elbo([[1, 2]])', 'elbo: x must be a tensor, found [[1, 2]] — write tensor([[1, 2]])'],
  [
    'model.elbo(x, { betta: 2 })',
    "elbo: unknown option 'betta' — did you mean 'beta'? (options: beta, freeBits, labels, eps, generator, input, scheduled)",
  ],
  ['model.elbo(x, 2)', 'elbo: options must be an object, found 2 — write elbo(x, { beta: 2 })'],
  ["model.elbo(x, { beta: '2' })", "elbo: beta must be a number, found '2'"],
  ['model.elbo(x, { freeBits: -1 })', 'elbo: freeBits must be a number of at least 0, found -1'],
  ['model.elbo(x, { labels: [1, 0] })', 'elbo: labels must be a tensor, found [1, 0] — write tensor([1, 0])'],
  ['new Autoencoder().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new DenoisingAutoencoder().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new TotalCorrelationVAE().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new IWAE().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new Made().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new VQVAE().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new RelaxedCategoricalVAE().elbo()', 'elbo: x must be a tensor, found undefined'],
  ['new SemiSupervisedVAE().elbo()', 'elbo: x must be a tensor, found undefined'],
  [
    "model.sample('3')",
    "sample: the first argument must be a number of images or one-hot classes, found '3'",
  ],
  ['model.sample(1.5)', 'sample: the number of images must be a whole number of at least 0, found 1.5'],
  ['model.sample(2, { seed: 1 })', "sample: unknown option 'seed' (options: generator)"],
  [
    'model.reparameterize({}, { noise: x })',
    "reparameterize: unknown option 'noise' (options: eps, generator)",
  ],
  ['reparameterize(x)', 'reparameterize: q.mu must be a tensor, found undefined'],
]);

refused('networks, likelihoods, posteriors and priors', [
  [
    'new HiddenLayers(4, 3)',
    'HiddenLayers: widths must be an array, found 3 — write new HiddenLayers(inFeatures, [3, …])',
  ],
  [
    'new GaussianEncoder([3], 2)',
    'GaussianEncoder: hidden must be a module with a forward method, such as new HiddenLayers(…), found [3]',
  ],
  [
    'new ConvolutionalBody(28)',
    'ConvolutionalBody: imageShape must be an array, found 28 — write new ConvolutionalBody([28, …])',
  ],
  [
    'new ConvolutionalDecoder(2, [28, 28], 1, { channel: [8] })',
    "ConvolutionalDecoder: unknown option 'channel' — did you mean 'channels'? (options: channels, batchNorm, generator)",
  ],
  [
    'new Gaussian({ sigmas: 1 })',
    "Gaussian: unknown option 'sigmas' — did you mean 'sigma'? (options: sigma, learned, link)",
  ],
  [
    "new ConvolutionalBody([8, 8], { batchNorm: 'yes' })",
    "ConvolutionalBody: batchNorm must be true or false, found 'yes'",
  ],
  ["new Gaussian({ learned: 'yes' })", "Gaussian: learned must be true or false, found 'yes'"],
  [
    'new SemiSupervisedVAE({ alpha: Infinity })',
    'SemiSupervisedVAE: alpha must be a number of at least 0, found Infinity',
  ],
  ['new VQVAE({ commitment: Infinity })', 'VQVAE: commitment must be a number of at least 0, found Infinity'],
  ['new VampPrior(4, { mean: NaN })', 'VampPrior: mean must be a number that is finite, found NaN'],
  ['new Gaussian({ sigma: 0 })', 'Gaussian: sigma must be a number above 0, found 0'],
  [
    "new Gaussian({ link: 'sigmod' })",
    "Gaussian: link must be one of 'identity', 'sigmoid', found 'sigmod' — did you mean 'sigmoid'?",
  ],
  [
    'new PixelGaussian(-4.5)',
    'PixelGaussian: options must be an object, found -4.5 — write new PixelGaussian({ minLogVar: -4.5 })',
  ],
  [
    'new Categorical(256)',
    'Categorical: options must be an object, found 256 — write new Categorical({ levels: 256 })',
  ],
  [
    'new ContinuousBernoulli({ eps: 0.1 })',
    "ContinuousBernoulli: unknown option 'eps' — did you mean 'epsilon'? (options: epsilon)",
  ],
  ['new PlanarFlow()', 'PlanarFlow: latent must be a whole number above 0, found undefined'],
  [
    'new PlanarFlow(2, 5)',
    'PlanarFlow: options must be an object, found 5 — write new PlanarFlow(latent, { features: 5 })',
  ],
  [
    "new InverseAutoregressiveFlow(2, { length: '2' })",
    "InverseAutoregressiveFlow: length must be a whole number above 0, found '2'",
  ],
  ['new Gaussian().logProb(x, [1])', 'Gaussian: x must be a tensor, found [1] — write tensor([1])'],
  ['new Bernoulli().logProb(x)', 'Bernoulli: x must be a tensor, found undefined'],
  ['gaussianLogProb(x)', 'gaussianLogProb: mu must be a tensor, found undefined'],
  ['planarStep(x, x, x, 1)', 'planarStep: b must be a tensor, found 1 — write tensor(1)'],
  ['straightThrough(x)', 'straightThrough: gradient must be a tensor, found undefined'],
  ['new StandardNormal()', 'StandardNormal: latent must be a whole number above 0, found undefined'],
  ['new ConditionalNormal(10)', 'ConditionalNormal: latent must be a whole number above 0, found undefined'],
  [
    'new MixtureOfGaussians(2, { component: 5 })',
    "MixtureOfGaussians: unknown option 'component' — did you mean 'components'? (options: components, spread, generator)",
  ],
  [
    'new VampPrior({ components: 5 })',
    'VampPrior: inputSize must be a whole number above 0, found { components: 5 }',
  ],
  [
    'new VampPrior(4, { initial: [1] })',
    'VampPrior: initial must be a tensor, found [1] — write tensor([1])',
  ],
]);

refused('training and evaluation', [
  ['fit()', 'fit: the model must be a model, such as new VAE(), found undefined'],
  ['fit(VAE, data)', 'fit: the model must be a model, such as new VAE(), found a function'],
  ['fit(model)', 'fit: data must be { train, test }, found undefined'],
  ['fit(model, [1])', 'fit: data must be { train, test }, found [1]'],
  ['fit(model, { train: x, test: x })', `fit: data.train must be a data set ${FOUND}, found a tensor [2, 4]`],
  [
    'fit(model, data)',
    'fit: options must be an object, found undefined — write fit(model, data, { optimizer: … })',
  ],
  [
    'fit(model, data, { epoch: 3 })',
    "fit: unknown option 'epoch' — did you mean 'epochs'? (options: optimizer, beta, freeBits, clipNorm, schedule, epochs, batchSize, dropLast, binarization, seed, compile, state, onStep, onProgress, onEpoch, signal, group, deterministic, shards)",
  ],
  [
    'fit(model, data, { epochs: 3 })',
    'fit: optimizer must be an optimizer, such as new Adam(model.parameters()), found undefined',
  ],
  [
    "fit(model, data, { optimizer: 'adam' })",
    "fit: optimizer must be an optimizer, such as new Adam(model.parameters()), found 'adam'",
  ],
  ['fit(model, data, { optimizer })', 'fit: epochs must be a whole number of at least 0, found undefined'],
  [
    "fit(model, data, { optimizer, epochs: '3' })",
    "fit: epochs must be a whole number of at least 0, found '3'",
  ],
  [
    "fit(model, data, { optimizer, epochs: 1, beta: 'linear' })",
    "fit: beta must be a number or a function of the step, found 'linear'",
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, clipNorm: 0 })',
    'fit: clipNorm must be a number above 0, found 0',
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, clipNorm: NaN })',
    'fit: clipNorm must be a number above 0, found NaN',
  ],
  [
    "fit(model, data, { optimizer, epochs: 1, schedule: 'cosine' })",
    "fit: schedule must be a function, found 'cosine'",
  ],
  ['fit(model, data, { optimizer, epochs: 1, dropLast: 1 })', 'fit: dropLast must be true or false, found 1'],
  ['fit(model, data, { optimizer, epochs: 1, onStep: 1 })', 'fit: onStep must be a function, found 1'],
  ['trainStep()', 'trainStep: the model must be a model, such as new VAE(), found undefined'],
  [
    'trainStep(model, x, { optimizer })',
    'trainStep: batch must be { images, labels, size }, found a tensor [2, 4]',
  ],
  [
    'trainStep(model, batch)',
    'trainStep: options must be an object, found undefined — write trainStep(model, batch, { optimizer: … })',
  ],
  [
    'trainStep(model, batch, {})',
    'trainStep: optimizer must be an optimizer, such as new Adam(model.parameters()), found undefined',
  ],
  [
    'trainStep(model, batch, { optimizer, step: -1 })',
    'trainStep: step must be a whole number of at least 0, found -1',
  ],
  [
    'trainStep(model, batch, { optimizer, schedule: () => NaN })',
    'trainStep: schedule(0) must be a number of at least 0, found NaN',
  ],
  [
    'trainStep(model, batch, { optimizer, generator: 3 })',
    'withGenerator: the generator must be a Generator, found 3 — write new Generator(seed)',
  ],
  ['fit(model, data, { optimizer, epochs: 1, state: 3 })', 'fit: state must be what fit returned, found 3'],
  [
    "fit(model, data, { optimizer, epochs: 1, seed: '5' })",
    "fit: seed must be a whole number from 0 to 2³² − 1, found '5'",
  ],
  ['fit(model, data, { optimizer, epochs: 1, onEpoch: 1 })', 'fit: onEpoch must be a function, found 1'],
  [
    "fit(model, data, { optimizer, epochs: 1, binarization: 'statik' })",
    "binarizeDataset: binarization must be one of 'none', 'threshold', 'static', 'dynamic', found 'statik' — did you mean 'static'?",
  ],
  ['evaluate(model)', `evaluate: data must be a data set ${FOUND}, found undefined`],
  [
    'evaluate(images, model)',
    'evaluate: the model must be a model, such as new VAE(), found { images: Float32Array(8), labels: Uint8Array(2), count: 2, imageShape: [2, 2], classes: 2 }',
  ],
  [
    'evaluate(model, { train: 1, test: 2 })',
    `evaluate: data must be a data set ${FOUND}, found { train, … } — write data.train or data.test`,
  ],
  [
    'evaluate(model, Promise.resolve(1))',
    `evaluate: data must be a data set ${FOUND}, found a promise — await it first`,
  ],
  [
    'evaluate(model, images, { batch: 5 })',
    "evaluate: unknown option 'batch' (options: batchSize, binarization, seed, compile, corruption, group)",
  ],
  [
    'evaluate(model, images, { batchSize: 0 })',
    'evaluate: batchSize must be a whole number above 0, found 0',
  ],
  ['linearWarmUp()', 'linearWarmUp: steps must be a whole number above 0, found undefined'],
  [
    'cyclicWarmUp(100, 0.5)',
    'cyclicWarmUp: options must be an object, found 0.5 — write cyclicWarmUp(period, { beta: 0.5 })',
  ],
  ["annealing({ rate: '1' })", "annealing: rate must be a number, found '1'"],
  ['masking()', 'masking: p must be a number from 0 to 1, found undefined'],
  [
    'masking(0.5, true)',
    'masking: options must be an object, found true — write masking(p, { rescale: true })',
  ],
  ["saltAndPepper('0.5')", "saltAndPepper: p must be a number from 0 to 1, found '0.5'"],
  ['gaussianNoise(-1)', 'gaussianNoise: sigma must be a number of at least 0, found -1'],
  [
    "corrupt(x, 'masking')",
    "corrupt: the corruption must be a corruption, such as masking(0.5), found 'masking'",
  ],
]);

refused('estimators and diagnostics', [
  [
    'estimateElbo(new Autoencoder(), images)',
    'estimateElbo: the model must be a model with a posterior and a prior, such as new VAE(), found an instance of Autoencoder',
  ],
  [
    'estimateElbo(model, images, { sample: 5 })',
    "estimateElbo: unknown option 'sample' — did you mean 'samples'? (options: samples, batchSize, binarization, seed, compile, kl)",
  ],
  [
    'estimateLogLikelihood(model, images, 500)',
    'estimateLogLikelihood: options must be an object, found 500 — write estimateLogLikelihood(model, data, { samples: 500 })',
  ],
  [
    'estimateLogLikelihood(model)',
    `estimateLogLikelihood: data must be a data set ${FOUND}, found undefined`,
  ],
  ["iwaeBound(model, x, { samples: '5' })", "iwaeBound: samples must be a whole number above 0, found '5'"],
  ['iwaeBound(model, [[1]])', 'iwaeBound: x must be a tensor, found [[1]] — write tensor([[1]])'],
  ['latentStatistics(model)', `latentStatistics: data must be a data set ${FOUND}, found undefined`],
  [
    'reconstructionError(model, images, { noise: 1 })',
    "reconstructionError: unknown option 'noise' (options: batchSize, binarization, seed, compile, corruption)",
  ],
  [
    "reconstructionError(model, images, { corruption: 'masking' })",
    "reconstructionError: corruption must be a corruption, such as masking(0.5), found 'masking'",
  ],
  ['predictClasses(classifier)', 'predictClasses: images must be a tensor, found undefined'],
  ['findCollapse()', 'findCollapse: the argument must be what latentStatistics returned, found undefined'],
  [
    'describeCollapse(model)',
    'findCollapse: the argument must be what latentStatistics returned, found an instance of VAE',
  ],
  ['perplexity([1])', 'perplexity: shares must be a tensor, found [1] — write tensor([1])'],
  ['importanceWeightedBound()', 'importanceWeightedBound: logW must be a tensor, found undefined'],
  ['gradientNorms(x)', 'gradientNorms: the model must be a module, found a tensor [2, 4]'],
  [
    'classAccuracy(model, images)',
    'classAccuracy: the classifier must be an object with a classify method, found { images: Float32Array(8), labels: Uint8Array(2), count: 2, imageShape: [2, 2], classes: 2 }',
  ],
  ...['0', '1.5', 'NaN', "'8'"].flatMap((n): [string, string][] =>
    ['perClass', 'batchSize'].map((name) => [
      `classAccuracy(conditional, classifier, { ${name}: ${n} })`,
      `classAccuracy: ${name} must be a whole number above 0, found ${n}`,
    ]),
  ),
  ['classAccuracy(conditional, classifier, { from: empty })', 'classAccuracy: the data set has no images'],
  ['trainClassifier(empty)', 'trainClassifier: the data set has no images'],
  [
    'trainClassifier({ ...images, classes: 0 })',
    'trainClassifier: data has no classes — give the images their labels',
  ],
  ['trainClassifier(images, { onEpoch: 3 })', 'trainClassifier: onEpoch must be a function, found 3'],
  ['classifierAccuracy(classifier, empty)', 'classifierAccuracy: the data set has no images'],
  [
    'mutualInformationGap([1, 2, 3, 4])',
    'mutualInformationGap: factors must be an array, found undefined — write mutualInformationGap(codes, […])',
  ],
  ['trainClassifier()', `trainClassifier: data must be a data set ${FOUND}, found undefined`],
  [
    'trainClassifier(images, { hidden: 400 })',
    'trainClassifier: hidden must be an array, found 400 — write trainClassifier(data, { hidden: [400, …] })',
  ],
  ['classifierAccuracy(classifier)', `classifierAccuracy: data must be a data set ${FOUND}, found undefined`],
]);

refused('data', [
  [
    'batches(images)',
    'batches: options must be an object, found undefined — write batches(data, { batchSize: … })',
  ],
  [
    'batches(images, 128)',
    'batches: options must be an object, found 128 — write batches(data, { batchSize: 128 })',
  ],
  ['firstOf(images)', 'firstOf: count must be a whole number of at least 0, found undefined'],
  [
    'firstOf(data, 5)',
    `firstOf: data must be a data set ${FOUND}, found { train, … } — write data.train or data.test`,
  ],
  [
    'labelledSubset(images, { count: 5 })',
    "labelledSubset: unknown option 'count' (options: perClass, seed)",
  ],
  ['partlyLabelled(images)', `partlyLabelled: labelled must be a data set ${FOUND}, found undefined`],
  [
    'binarizeBatch(images.images)',
    'binarizeBatch: generator must be a Generator, such as new Generator(seed), found undefined',
  ],
  ['batches(images, { batchSize: 2, order: 1 })', 'batches: order must be an array of numbers, found 1'],
  // A batch holds labels as bytes: 256 would become class 0, and −1 the unknown class 255.
  [
    'batches({ ...images, labels: Int32Array.of(256, -1) }, { batchSize: 2 })',
    'batches: data.labels must be a Uint8Array, found Int32Array(2) — write Uint8Array.from(labels, Number)',
  ],
  [
    'evaluate(model, { ...images, labels: new BigInt64Array(2) })',
    'evaluate: data.labels must be a Uint8Array, found BigInt64Array(2) — write Uint8Array.from(labels, Number)',
  ],
  ['encodeIdx()', 'encodeIdx: the array must be { shape, data }, found undefined'],
  ['parseIdx(new ArrayBuffer(8))', 'parseIdx: bytes must be a Uint8Array, found an instance of ArrayBuffer'],
  [
    "readIdx(new Uint8Array(1), 'a', { maxBytes: 0 })",
    'readIdx: maxBytes must be a whole number above 0, found 0',
  ],
  ["readIdx('images.idx')", "readIdx: bytes must be a Uint8Array, found 'images.idx'"],
]);

refused('data sets whose sizes do not fit, signals, weights and noise', [
  [
    'evaluate(model, { ...images, count: 5 })',
    'evaluate: data must have 5 images of 4 values and 5 labels, found 8 values and 2 labels',
  ],
  [
    'evaluate(model, { ...images, labels: new Uint8Array(1) })',
    'evaluate: data must have 2 images of 4 values and 2 labels, found 8 values and 1 labels',
  ],
  [
    'evaluate(model, { ...images, count: NaN })',
    'evaluate: data.count must be a whole number of at least 0, found NaN',
  ],
  [
    "evaluate(model, { ...images, imageShape: ['2', '2'] })",
    "evaluate: data.imageShape must be [height, width] or [channels, height, width], found ['2', '2']",
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, signal: new AbortController() })',
    'fit: signal must be an AbortSignal, found an instance of AbortController — write controller.signal',
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, signal: true })',
    'fit: signal must be an AbortSignal, found true',
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, beta: NaN })',
    'fit: beta must be a number that is finite, found NaN',
  ],
  [
    'fit(model, data, { optimizer, epochs: 1, beta: () => NaN })',
    'trainStep: beta(0) must be a number that is finite, found NaN',
  ],
  [
    'trainStep(model, { images: new Float32Array(7), labels: new Uint8Array(2), size: 2 }, { optimizer })',
    "trainStep: a batch of 2 images must have 2 · 4 pixels, found 7 — use images of the model's inputSize",
  ],
  [
    'trainStep(model, { images: new Float32Array(0), labels: new Uint8Array(0), size: 0 }, { optimizer })',
    'trainStep: the size of the batch must be a whole number above 0, found 0',
  ],
  ['batches(images, { batchSize: 1, order: [NaN] })', 'batches: image NaN is not among 2 images, 0 to 1'],
  ['batches(images, { batchSize: 1, order: [-1] })', 'batches: image -1 is not among 2 images, 0 to 1'],
  [
    'binarizeBatch(new Float32Array([0, 255]), new Generator(1))',
    'binarizeBatch: pixels lie in [0, 1], but range from 0 to 255 — divide grey values by 255',
  ],
  [
    'new VampPrior(4, { initial: zeros([0, 4]) })',
    'VampPrior: the initial pseudo-images are [0, 4] — give [components, 4]',
  ],
]);

test('images, noise and gradients that would broadcast', () => {
  const { zeros } = core;
  const { reparameterize, straightThrough } = vae;
  refuses(() => model.elbo(zeros([4])), 'elbo: x must be [batch, pixels], found [4]');
  refuses(
    () => model.elbo(zeros([3, 4]), { eps: zeros([1, 2]) }),
    'elbo: eps must have one row for each of 3 images, found [1, 2]',
  );
  refuses(
    () => model.elbo(zeros([3, 4]), { input: zeros([1, 4]) }),
    'elbo: input must have one row for each of 3 images, found [1, 4]',
  );
  refuses(
    () => reparameterize({ mu: zeros([3, 2]), logVar: zeros([3, 2]) }, { eps: zeros([1, 2]) }),
    'reparameterize: eps must have the shape of mu, [3, 2], found [1, 2]',
  );
  refuses(
    () => vae.gumbelSoftmax(zeros([3, 2]), zeros([2]), 1),
    'gumbelSoftmax: noise must have the shape of logits, [3, 2], found [2]',
  );
  refuses(
    () => vae.logWeights({ likelihood: zeros([3, 2]), prior: zeros([2]), posterior: zeros([3, 2]) }),
    'logWeights: prior must have the shape of likelihood, [3, 2], found [2]',
  );
  refuses(
    () => model.elbo(zeros([2, 4]), { freeBits: Number.POSITIVE_INFINITY }),
    'elbo: freeBits must be a number of at least 0, found Infinity',
  );
  const labelled = new vae.SemiSupervisedVAE({ inputSize: 4, latent: 2, hidden: [3], classes: 3 });
  const one = zeros([1, 3]);
  refuses(() => labelled.codes(zeros([2, 4]), one), 'codes: labels is [1, 3] — it must be [2, 3]');
  refuses(() => labelled.elbo(zeros([2, 4]), { labels: one }), 'elbo: labels is [1, 3] — it must be [2, 3]');
  refuses(
    () => reparameterize({ mu: zeros([2]), logVar: zeros([3, 2]) }),
    'reparameterize: logVar must have the shape of mu, [2], found [3, 2]',
  );
  refuses(
    () => straightThrough(zeros([1]), zeros([2])),
    'straightThrough: gradient must have the shape of value, [1], found [2]',
  );
});

refused('images that do not fit the model', [
  ...['train', 'test'].map((part): [string, string] => [
    `fit(model, { ...data, ${part}: { ...images, imageShape: [1, 3] } }, { optimizer, epochs: 1 })`,
    `fit: data.${part} has images of 3 values, and the model has inputSize 4 — use images of one size`,
  ]),
]);

refused('an optimizer of another model', [
  [
    'fit(model, data, { optimizer: { step() {} }, epochs: 1 })',
    'fit: the optimizer has none of the parameters of the model — write new Adam(model.parameters())',
  ],
  [
    'trainStep(new VAE({ inputSize: 4 }), batch, { optimizer })',
    'trainStep: the optimizer has none of the parameters of the model — write new Adam(model.parameters())',
  ],
  [
    'fit(new VAE({ inputSize: 4 }), data, { optimizer, epochs: 1 })',
    'fit: the optimizer has none of the parameters of the model — write new Adam(model.parameters())',
  ],
]);

test('noise of another shape for iwaeBound', () => {
  refuses(
    () => vae.iwaeBound(model, core.zeros([2, 4]), { eps: core.zeros([1, 3, 2]) }),
    'iwaeBound: eps must be [2, samples, 2], found [1, 3, 2]',
  );
  refuses(
    () => vae.iwaeBound(model, core.zeros([2, 4]), { eps: core.zeros([2, 0, 2]) }),
    'iwaeBound: eps must be [2, samples, 2], found [2, 0, 2]',
  );
  refuses(
    () => vae.iwaeBound(model, core.zeros([2, 4]), { samples: 3, eps: core.zeros([2, 5, 2]) }),
    'iwaeBound: eps must be [2, 3, 2], found [2, 5, 2]',
  );
});

test.run();
