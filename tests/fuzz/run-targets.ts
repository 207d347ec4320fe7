/** Readers of a run's files: the configuration, the metrics, the facts in a file of weights. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createReference, withBackend } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { fromPretrained, loadRun } from '@varigrad/vae/node';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { buildModel } from '../../packages/vae/src/run/build-model.js';
import { encodeMetrics, parseMetrics } from '../../packages/vae/src/run/metrics.js';
import { parseConfig, RUN_OPTIONS, type RunConfig } from '../../packages/vae/src/run/run-config.js';
import { complete, effective } from '../../packages/vae/src/run/schema/complete.js';
import { jsonSchemaOf } from '../../packages/vae/src/run/schema/json-schema.js';
import { encodeWeights } from '../../packages/vae/src/run/weights-file.js';
import { KEYS, optionOf, refusedBy, type Values, valuesOf, withoutIdle } from '../helpers/run-options.js';
import { expect, type Seed, type Target } from './target.js';

const isValid = new Ajv2020({ strict: true, strictRequired: false }).compile(jsonSchemaOf(RUN_OPTIONS, 'x'));

const configs: readonly Values[] = [
  { $schema: './s.json', model: 'vae', latent: 20, hidden: [500, 250], learningRate: 1e-3, epochs: 3 },
  {
    model: 'cvae',
    network: 'convolutional',
    channels: [32, 64],
    normalization: 'batch',
    prior: 'conditional',
  },
  { model: 'iwae', samples: 5, posterior: 'iaf', flowSteps: 4, warmUp: 'linear', warmUpEpochs: 2.5 },
  { likelihood: 'gaussian-fixed', sigma: 0.5, optimizer: 'sgd', momentum: 0.9, validation: 9, patience: 3 },
  { model: 'vae', latent: 2, images: { train: 60000, shape: [28, 28], classes: 10 } },
  { data: 'a.idx,b.idx', schedule: 'step', scheduleDecay: 0.5, dropLast: true, clip: 100, seed: 7 },
];

const textOf = (values: unknown): Buffer => Buffer.from(JSON.stringify(values, null, 1));

/** Options that bytes choose: of each pair, the first byte is an option, the second one a value of it. */
function chosenBy(bytes: Uint8Array): Values {
  const chosen: Record<string, unknown> = {};
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const key = KEYS[bytes[at]! % KEYS.length]!;
    const values = valuesOf(optionOf(key));
    chosen[key] = values[bytes[at + 1]! % values.length];
  }
  return chosen;
}

/** The same, usually with an invalid value. */
function chosenWrongly(bytes: Uint8Array): Values {
  const [key, value] = [KEYS[(bytes[0] ?? 0) % KEYS.length]!, bytes[1] ?? 0];
  const wrong = refusedBy(optionOf(key));
  return { ...chosenBy(bytes.subarray(2)), [key]: wrong[value % wrong.length] };
}

const config: Target = {
  name: 'config',
  seeds: [
    ...configs.map((values): Seed => ({ bytes: textOf(values) })),
    ...[chosenBy, chosenWrongly, (bytes: Uint8Array) => withoutIdle(chosenBy(bytes))].map(
      (choose): Seed => ({ bytes: new Uint8Array(12), finish: (bytes) => textOf(choose(bytes)) }),
    ),
  ],
  read: (file) => {
    const text = Buffer.from(file).toString();
    const read = complete(RUN_OPTIONS, parseConfig(text, 'file'));
    expect(isValid(JSON.parse(text.replace(/^\uFEFF/, ''))), 'the schema refuses what the parser accepts');
    const own = JSON.stringify(effective(RUN_OPTIONS, read));
    expect(isValid(JSON.parse(own)), 'the schema refuses what a run writes');
    const again = JSON.stringify(effective(RUN_OPTIONS, complete(RUN_OPTIONS, parseConfig(own, 'own'))));
    expect(again === own, `${own} becomes ${again}`);
  },
};

const losses = (loss: number) => ({ loss, recon: loss - 2, kl: 2 });
const results = [1, 2, 3].map((epoch) => ({
  epoch,
  train: losses(90 / epoch),
  test: losses(91 / epoch),
  seconds: 2.5,
  msPerStep: 5.75,
}));

const metrics: Target = {
  name: 'metrics',
  seeds: (['test', 'validation'] as const).map((heldOut) => ({
    bytes: Buffer.from(encodeMetrics(results, heldOut)),
  })),
  read: (file) => {
    const read = parseMetrics(Buffer.from(file).toString(), 'file');
    for (const [i, { epoch, train, test, seconds, msPerStep }] of read.entries()) {
      expect(epoch === i + 1, `epoch ${epoch} in line ${i + 1}`);
      const numbers = [train, test].flatMap(({ loss, recon, kl }) => [loss, recon, kl]);
      expect([...numbers, seconds, msPerStep].every(Number.isFinite), 'a number that is not finite');
      expect(seconds >= 0 && msPerStep >= 0, `${seconds} s, ${msPerStep} ms per step`);
    }
    const text = encodeMetrics(read, 'test');
    expect(encodeMetrics(parseMetrics(text, 'own'), 'test') === text, 'other results at the second reading');
  },
};

const folder = mkdtempSync(join(tmpdir(), 'varigrad-fuzz-run-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const images = { imageShape: [4, 4], classes: 3 } as const;
const small: Values = { hidden: [3], latent: 2 };
const models: readonly Values[] = [
  { ...small, prior: 'mixture', components: 2 },
  { ...small, model: 'cvae', likelihood: 'pixel-gaussian', prior: 'conditional' },
  { network: 'convolutional', channels: [2, 3], latent: 2, normalization: 'batch' },
  { model: 'vq-vae', hidden: [3], vectors: 2, vectorWidth: 2, codebookSize: 3 },
];

/** Files of weights, each with damage in one of the texts of its metadata. The checksum is that of the damaged texts. */
function weightFiles(values: Values): Seed[] {
  const config = complete(RUN_OPTIONS, parseConfig(JSON.stringify(values), 'seed')) as RunConfig;
  const file = withBackend(createReference(), () =>
    encodeWeights(buildModel(config, images).stateDict(), { config, images }),
  );
  const { tensors, metadata } = decodeSafetensors(file);
  const withTexts = (texts: Readonly<Record<string, string>>): Uint8Array =>
    encodeSafetensors(tensors, { ...metadata, ...texts });
  const ofText = (name: 'config' | 'images'): Seed => ({
    bytes: Buffer.from(metadata[name]!),
    finish: (damaged) => withTexts({ [name]: damaged.toString() }),
  });
  const chosen = (bytes: Uint8Array): Uint8Array =>
    withTexts({ config: JSON.stringify(withoutIdle({ ...values, ...chosenBy(bytes) })) });
  return [ofText('config'), ofText('images'), { bytes: new Uint8Array(4), finish: chosen }];
}

const weights: Target = {
  name: 'loadRun',
  seeds: models.flatMap(weightFiles),
  read: async (file) => {
    const path = join(folder, 'weights.safetensors');
    writeFileSync(path, file);
    const { model, config, imageShape, classes } = await loadRun(path);
    const again = encodeWeights(model.stateDict(), { config, images: { imageShape, classes } });
    const [own, found] = [again, file].map((bytes) => decodeSafetensors(bytes));
    expect(JSON.stringify(own!.tensors) === JSON.stringify(found!.tensors), 'other weights than in the file');
    expect(
      isDeepStrictEqual(complete(RUN_OPTIONS, parseConfig(own!.metadata.config!, 'own')), config),
      'another configuration at the second reading',
    );
  },
};

const shared = complete(RUN_OPTIONS, parseConfig(JSON.stringify(models[1]), 'seed')) as RunConfig;
const sharedModel = withBackend(createReference(), () => buildModel(shared, images));
const ownConfig = {
  ...effective(RUN_OPTIONS, shared),
  images: { shape: images.imageShape, classes: images.classes },
};

/** The config.json of a model's folder; the weights are good. */
const modelFolder: Target = {
  name: 'fromPretrained',
  seeds: [{ bytes: textOf(ownConfig) }],
  read: async (file) => {
    const path = join(folder, 'model');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'model.safetensors'), encodeSafetensors(sharedModel.stateDict()));
    writeFileSync(join(path, 'config.json'), file);
    const { model, imageShape, classes } = await fromPretrained(path);
    expect(isDeepStrictEqual(model.stateDict(), sharedModel.stateDict()), 'other weights than in the file');
    expect(imageShape[0] * imageShape[1] === 16 && classes === 3, `${imageShape}, ${classes} classes`);
  },
};

export const RUN_TARGETS: readonly Target[] = [config, metrics, weights, modelFolder];
