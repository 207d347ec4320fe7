/** Models and networks refuse sizes of 0 and impossible numbers when they are made. */
import * as core from '@varigrad/core';
import * as nn from '@varigrad/nn';
import * as vae from '@varigrad/vae';
import { test } from 'uvu';
import { refusedCalls } from '../helpers/refused-calls.js';

const refused = refusedCalls({ ...core, ...nn, ...vae, body: new vae.HiddenLayers(3, [3]) });

const WHOLE = ['0', '-1', '1.5', 'NaN'];

/** One row for each value: the call with `?` replaced by it. */
function rows(
  call: string,
  op: string,
  words: string,
  values: readonly string[] = WHOLE,
): (readonly [string, string])[] {
  return values.map((value) => [call.replace('?', value), `${op}: ${words}, found ${value}`] as const);
}

const whole = (name: string): string => `${name} must be a whole number above 0`;

const models: Readonly<Record<string, readonly string[]>> = {
  VAE: ['latent', 'inputSize', 'samples'],
  TotalCorrelationVAE: ['latent', 'inputSize', 'samples', 'datasetSize'],
  IWAE: ['latent', 'inputSize', 'samples'],
  Autoencoder: ['latent', 'inputSize'],
  DenoisingAutoencoder: ['latent', 'inputSize'],
  ConditionalVAE: ['latent', 'inputSize', 'samples', 'classes'],
  SemiSupervisedVAE: ['latent', 'inputSize', 'classes'],
  RelaxedCategoricalVAE: ['variables', 'inputSize'],
  Made: ['inputSize'],
  VQVAE: ['vectors', 'width', 'codebookSize', 'inputSize'],
};

for (const [model, names] of Object.entries(models)) {
  refused(`sizes of ${model}`, [
    ...names.flatMap((name) => rows(`new ${model}({ ${name}: ? })`, model, whole(name))),
    ...rows(`new ${model}({ hidden: [3, ?] })`, model, whole('a width in hidden')),
  ]);
}

refused('sizes of networks, posteriors and priors', [
  ...rows('new HiddenLayers(?, [3])', 'Linear', whole('inFeatures')),
  ...rows('new HiddenLayers(3, [?])', 'Linear', whole('outFeatures')),
  ...rows('new GaussianEncoder(body, ?)', 'Linear', whole('outFeatures')),
  ...rows('new PlainEncoder(body, ?)', 'Linear', whole('outFeatures')),
  ...rows('new Decoder(?, [3], 5)', 'Linear', whole('inFeatures')),
  ...rows('new Decoder(2, [3], ?)', 'Linear', whole('outFeatures')),
  ...rows('new ConvolutionalBody([?, 8])', 'ConvolutionalBody', whole('the height of imageShape')),
  ...rows(
    'new ConvolutionalBody([8, 8], { channels: [4, ?] })',
    'ConvolutionalBody',
    whole('a number of channels'),
  ),
  ...rows('new ConvolutionalDecoder(?, [8, 8])', 'Linear', whole('inFeatures')),
  ...rows('new ConvolutionalDecoder(2, [8, 8], ?)', 'ConvTranspose2d', whole('outChannels')),
  ...rows('new InverseAutoregressiveFlow(?)', 'InverseAutoregressiveFlow', whole('latent')),
  ...rows('new PlanarFlow(?)', 'PlanarFlow', whole('latent')),
  ...rows('new StandardNormal(?)', 'StandardNormal', whole('latent')),
  ...rows('new ConditionalNormal(2, ?)', 'ConditionalNormal', whole('latent')),
  ...rows('new MixtureOfGaussians(?)', 'MixtureOfGaussians', whole('latent')),
  ...rows('new VampPrior(?)', 'VampPrior', whole('inputSize')),
]);

refused('other numbers', [
  ...rows(
    'new RelaxedCategoricalVAE({ categories: ? })',
    'RelaxedCategoricalVAE',
    'categories must be a whole number of at least 2',
    ['1', ...WHOLE],
  ),
  ...rows(
    'new RelaxedCategoricalVAE({ temperature: ? })',
    'RelaxedCategoricalVAE',
    'temperature must be a number above 0',
    ['0', '-1', 'NaN'],
  ),
  ...rows('new VQVAE({ commitment: ? })', 'VQVAE', 'commitment must be a number of at least 0', [
    '-1',
    'NaN',
  ]),
  ...rows('new VQVAE({ restartBelow: ? })', 'VQVAE', 'restartBelow must be a number of at least 0', [
    '-1',
    'NaN',
  ]),
  ...rows(
    'new SemiSupervisedVAE({ alpha: ? })',
    'SemiSupervisedVAE',
    'alpha must be a number of at least 0',
    ['-1', 'NaN'],
  ),
  ...rows('linearWarmUp(9, ?)', 'linearWarmUp', 'beta must be a number that is finite', ['NaN', 'Infinity']),
  ...rows('cyclicWarmUp(9, { beta: ? })', 'cyclicWarmUp', 'beta must be a number that is finite', ['NaN']),
  ...rows('annealing({ rate: ? })', 'annealing', 'rate must be a number that is finite', ['NaN']),
]);

test.run();
