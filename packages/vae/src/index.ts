export { type Batch, type BatchOptions, batches } from './data/batches.js';
export { type Binarization, binarizeBatch, binarizeDataset, STATIC_SEED } from './data/binarize.js';
export { type Dataset, firstOf, pixelsOf } from './data/dataset.js';
export { encodeIdx, type IdxArray, type IdxData, IdxError, parseIdx, readIdx } from './data/idx.js';
export {
  type Elbo,
  type ElboOptions,
  importanceWeightedBound,
  logWeights,
  type SampleTerms,
} from './elbo.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export { type Bar, type BarChartOptions, barChart, klChart } from './figures/bar-chart.js';
export { type LineChartOptions, lineChart, lossChart, type Series } from './figures/line-chart.js';
export { inverseNormalCdf, normalCdf } from './figures/normal-cdf.js';
export type { FigureOptions } from './figures/options.js';
export {
  classManifoldsFigure,
  latentSteps,
  type ManifoldOptions,
  manifoldFigure,
  type Spacing,
} from './figures/plane.js';
export { type Color, Raster } from './figures/raster.js';
export {
  type DenoisingFigureOptions,
  denoisingFigure,
  reconstructionFigure,
  sampledReconstructionFigure,
} from './figures/reconstructions.js';
export { type ClassStyleOptions, classStyleFigure, samplesFigure } from './figures/samples.js';
export {
  classColor,
  codesOf,
  latentScatter,
  type ScatterOptions,
  type ScatterPanel,
  scatterFigure,
  scatterFrames,
} from './figures/scatter.js';
export { gridSheet, type SheetOptions } from './figures/sheets.js';
export { type TerminalOptions, terminalImages } from './figures/terminal.js';
export {
  type InterpolationOptions,
  interpolationFigure,
  slerp,
  type TraversalOptions,
  traversalFigure,
} from './figures/walks.js';
export { Bernoulli } from './likelihoods/bernoulli.js';
export { Categorical, type CategoricalOptions } from './likelihoods/categorical.js';
export { ContinuousBernoulli } from './likelihoods/continuous-bernoulli.js';
export { Gaussian, type GaussianOptions } from './likelihoods/gaussian.js';
export type { Likelihood } from './likelihoods/likelihood.js';
export { PixelGaussian, type PixelGaussianOptions } from './likelihoods/pixel-gaussian.js';
export type { Losses, MeterState } from './meter.js';
export { ConditionalVAE, type ConditionalVAEOptions } from './models/conditional-vae.js';
export { IWAE, type IWAEOptions } from './models/iwae.js';
export type { GenerativeModel, LatentModel } from './models/model.js';
export {
  type Body,
  Decoder,
  type DecoderNetwork,
  type Encoder,
  GaussianEncoder,
  HiddenLayers,
  type NetworkOptions,
} from './models/networks.js';
export { VAE, type VAEOptions } from './models/vae.js';
export {
  GaussianPosterior,
  gaussianLogProb,
  reparameterize,
  standardNormalLogProb,
} from './posteriors/gaussian.js';
export {
  InverseAutoregressiveFlow,
  type InverseAutoregressiveFlowOptions,
} from './posteriors/inverse-autoregressive-flow.js';
export { PlanarFlow, type PlanarFlowOptions, planarStep } from './posteriors/planar-flow.js';
export type { Draw, Posterior, PosteriorFamily } from './posteriors/posterior.js';
export { ConditionalNormal } from './priors/conditional-normal.js';
export { MixtureOfGaussians, type MixtureOptions } from './priors/mixture.js';
export type { Prior, PriorContext } from './priors/prior.js';
export { StandardNormal } from './priors/standard-normal.js';
export { VampPrior, type VampPriorOptions } from './priors/vamp.js';
export { type BetaSchedule, cyclicWarmUp, linearWarmUp } from './schedules.js';
export { type EpochResult, type FitOptions, fit, type Progress, type TrainState } from './train.js';
