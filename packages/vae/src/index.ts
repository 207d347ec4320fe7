export type { Execution } from './compiled.js';
export { type Corruption, corrupt, gaussianNoise, masking, saltAndPepper } from './corruptions.js';
export type { Batch } from './data/batch.js';
export {
  type BatchStream,
  type ShuffleOptions,
  type StreamReadOptions,
  shuffled,
} from './data/batch-stream.js';
export { type BatchOptions, batches } from './data/batches.js';
export { type Binarization, binarizeBatch, binarizeDataset, STATIC_SEED } from './data/binarize.js';
export { parseCsv, type Table } from './data/csv.js';
export { type Dataset, firstOf, pixelsOf } from './data/dataset.js';
export {
  encodeIdx,
  type IdxArray,
  type IdxData,
  IdxError,
  parseIdx,
  type ReadIdxOptions,
  readIdx,
} from './data/idx.js';
export type { ImageShape } from './data/image-shape.js';
export { datasetOfArrays, datasetsOfNpz, type NamedArray } from './data/numpy-dataset.js';
export {
  type LabelledSubsetOptions,
  labelledSubset,
  partlyLabelled,
  UNKNOWN_LABEL,
} from './data/partly-labelled.js';
export { quantizeDataset } from './data/quantize.js';
export { type ResizeFilter, resizeDataset } from './data/resize.js';
export { restored, type Standardization } from './data/standardization.js';
export { standardizationOf, standardized } from './data/table.js';
export {
  type ClassAccuracy,
  type ClassAccuracyOptions,
  classAccuracy,
} from './diagnostics/class-accuracy.js';
export {
  Classifier,
  type ClassifierOptions,
  classifierAccuracy,
  type ImageClassifier,
  predictClasses,
  trainClassifier,
} from './diagnostics/classifier.js';
export { type Collapse, describeCollapse, findCollapse } from './diagnostics/collapse.js';
export { type GradientNorm, gradientNorms } from './diagnostics/gradient-norms.js';
export {
  ACTIVE_VARIANCE,
  type LatentStatistics,
  latentStatistics,
} from './diagnostics/latent-statistics.js';
export { type MutualInformationGap, mutualInformationGap } from './diagnostics/mutual-information-gap.js';
export {
  type ReconstructionError,
  type ReconstructionOptions,
  reconstructionError,
} from './diagnostics/reconstruction-error.js';
export { hardMax } from './distributions/categorical.js';
export { gaussianLogProb, reparameterize, standardNormalLogProb } from './distributions/gaussian.js';
export { gumbel, gumbelSoftmax, straightThrough } from './distributions/gumbel.js';
export {
  type Elbo,
  type ElboOptions,
  importanceWeightedBound,
  logWeights,
  type SampleTerms,
} from './elbo.js';
export type { DrawOptions } from './estimators/draws.js';
export { type ElboEstimate, type ElboEstimateOptions, estimateElbo } from './estimators/elbo-estimate.js';
export { type BoundOptions, iwaeBound } from './estimators/iwae-bound.js';
export { isLatentModel } from './estimators/latent-model.js';
export { estimateLogLikelihood, type LogLikelihoodEstimate } from './estimators/log-likelihood.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export { type Bar, type BarChartOptions, barChart, klChart } from './figures/bar-chart.js';
export type { FigureOptions } from './figures/decode.js';
export { type LineChartOptions, lineChart, lossChart, type Series } from './figures/line-chart.js';
export { inverseNormalCdf, normalCdf } from './figures/normal-cdf.js';
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
export {
  type ClassStyleOptions,
  classStyleFigure,
  type SamplesOptions,
  samplesFigure,
} from './figures/samples.js';
export {
  codesOf,
  latentScatter,
  type ScatterAnimationOptions,
  type ScatterOptions,
  type ScatterPanel,
  scatterAnimation,
  scatterFigure,
} from './figures/scatter.js';
export {
  gridSheet,
  type Sheet,
  type SheetLabel,
  type SheetOptions,
  sheetSVG,
} from './figures/sheets.js';
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
export { ContinuousBernoulli, type ContinuousBernoulliOptions } from './likelihoods/continuous-bernoulli.js';
export { Gaussian, type GaussianOptions, type MeanLink } from './likelihoods/gaussian.js';
export { Laplace, type LaplaceOptions } from './likelihoods/laplace.js';
export type { Likelihood } from './likelihoods/likelihood.js';
export { PixelGaussian, type PixelGaussianOptions } from './likelihoods/pixel-gaussian.js';
export { SquaredError } from './likelihoods/squared-error.js';
export type { Losses, MeterState } from './meter.js';
export { metricsCsv } from './metrics-csv.js';
export { Autoencoder, type AutoencoderOptions } from './models/autoencoder.js';
export { CodeModel, type CodeModelOptions } from './models/code-model.js';
export { ConditionalVAE, type ConditionalVAEOptions } from './models/conditional-vae.js';
export {
  ConvolutionalBody,
  type ConvolutionalBodyOptions,
  ConvolutionalDecoder,
  type ConvolutionalOptions,
} from './models/convolutional-networks.js';
export { DenoisingAutoencoder, type DenoisingAutoencoderOptions } from './models/denoising-autoencoder.js';
export type { ImageModel, ImageModelOptions } from './models/image-model.js';
export { IWAE, type IWAEOptions } from './models/iwae.js';
export { Made, type MadeOptions } from './models/made.js';
export type { GenerativeModel, LatentModel } from './models/model.js';
export {
  type Body,
  Decoder,
  type Encoder,
  GaussianEncoder,
  HiddenLayers,
  type NetworkOptions,
  PlainEncoder,
} from './models/networks.js';
export {
  RelaxedCategoricalVAE,
  type RelaxedCategoricalVAEOptions,
} from './models/relaxed-categorical-vae.js';
export { SemiSupervisedVAE, type SemiSupervisedVAEOptions } from './models/semi-supervised-vae.js';
export { TotalCorrelationVAE, type TotalCorrelationVAEOptions } from './models/total-correlation-vae.js';
export { type ImageTerms, VAE, type VAEOptions } from './models/vae.js';
export { perplexity, VQVAE, type VQVAEOptions } from './models/vq-vae.js';
export type { BatchwiseOptions } from './over-batches.js';
export { GaussianPosterior } from './posteriors/gaussian.js';
export {
  InverseAutoregressiveFlow,
  type InverseAutoregressiveFlowOptions,
} from './posteriors/inverse-autoregressive-flow.js';
export {
  type FlowParameters,
  PlanarFlow,
  type PlanarFlowOptions,
  planarStep,
} from './posteriors/planar-flow.js';
export type { Draw, Posterior, PosteriorFamily } from './posteriors/posterior.js';
export { ConditionalNormal } from './priors/conditional-normal.js';
export { MixtureOfGaussians, type MixtureOptions } from './priors/mixture.js';
export type { Prior, PriorContext } from './priors/prior.js';
export { StandardNormal } from './priors/standard-normal.js';
export { VampPrior, type VampPriorOptions } from './priors/vamp.js';
export { PYTHAE_NAMES, PYTORCH_EXAMPLES_NAMES, PYTORCH_VAE_NAMES } from './pytorch-names.js';
export { annealing, type BetaSchedule, cyclicWarmUp, linearWarmUp } from './schedules.js';
export {
  type EpochResult,
  type FitData,
  type FitOptions,
  fit,
  type Progress,
  type TrainState,
} from './train.js';
export type { StepResult } from './train-epoch.js';
export { type StepOptions, type StepSettings, trainStep } from './train-step.js';
export { TrainingError } from './training-failure.js';
