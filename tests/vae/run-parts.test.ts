/** The parts of models on the command line: each word builds the part of that kind. */
import { Generator } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CORRUPTIONS } from '../../packages/vae/src/run/options/corruptions.js';
import { LIKELIHOODS } from '../../packages/vae/src/run/options/likelihoods.js';
import type { ModelContext } from '../../packages/vae/src/run/options/model-config.js';
import { MODELS } from '../../packages/vae/src/run/options/models.js';
import { OPTIMIZERS } from '../../packages/vae/src/run/options/optimizers.js';
import { POSTERIORS } from '../../packages/vae/src/run/options/posteriors.js';
import { PRIORS } from '../../packages/vae/src/run/options/priors.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete } from '../../packages/vae/src/run/schema/complete.js';

const config = { ...complete(RUN_OPTIONS, new Map()), hidden: [5], latent: 3, learningRate: 0.01 };
const context: ModelContext = {
  config,
  inputSize: 16,
  imageShape: [4, 4],
  classes: 3,
  generator: new Generator(1),
};

test('the kind of a part is its word', () => {
  const tables = {
    model: MODELS.model.parts,
    likelihood: LIKELIHOODS.likelihood.parts,
    posterior: POSTERIORS.posterior.parts,
    prior: PRIORS.prior.parts,
    corruption: CORRUPTIONS.corruption.parts,
  };
  for (const [table, parts] of Object.entries(tables)) {
    assert.ok(Object.keys(parts).length > 2, table);
    for (const [word, { build }] of Object.entries<{
      build(context: ModelContext, features: number): { kind: string };
    }>(parts))
      assert.is(build(context, 5).kind, word, table);
  }
  const model = MODELS.model.parts.vae.build(context);
  for (const [word, { build }] of Object.entries(OPTIMIZERS.optimizer.parts)) {
    const optimizer = build(model.parameters(), config);
    assert.equal([optimizer.kind, optimizer.learningRate], [word, 0.01]);
  }
});

test.run();
