export { type Elbo, type ElboOptions, negativeElbo, type Posterior, reparameterize } from './elbo.js';
export { Bernoulli } from './likelihoods/bernoulli.js';
export { Gaussian, type GaussianOptions } from './likelihoods/gaussian.js';
export type { Likelihood } from './likelihoods/likelihood.js';
export { ConditionalVAE, type ConditionalVAEOptions } from './models/conditional-vae.js';
export type { LatentModel } from './models/model.js';
export { Decoder, GaussianEncoder, HiddenLayers, type NetworkOptions } from './models/networks.js';
export { VAE, type VAEOptions } from './models/vae.js';
