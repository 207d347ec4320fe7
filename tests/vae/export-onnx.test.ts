/** ONNX files of models: read by a reader and run by an interpreter that share no code with the library. */
import { Generator, rand } from '@varigrad/core';
import { ConditionalVAE, ConvolutionalDecoder, type GenerativeModel, VAE } from '@varigrad/vae';
import { exportOnnx, type ModelPart } from '@varigrad/vae/export';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { computePart, MODEL_PARTS } from '../../packages/vae/src/export/parts.js';
import { argumentsOf, exportedModels, largestError } from '../helpers/exported-models.js';
import { family } from '../helpers/family.js';
import { readOnnx } from '../helpers/onnx-file.js';
import { runOnnx } from '../helpers/onnx-interpreter.js';

const PARTS = Object.keys(MODEL_PARTS) as ModelPart[];
const generator = new Generator(5);

/** Runs the file of a part at batch sizes 1, 3 and 128, and compares it with the model. */
function compare(model: GenerativeModel, part: ModelPart): void {
  const file = readOnnx(exportOnnx(model, part));
  for (const batch of [1, 3, 128]) {
    const inputs = argumentsOf(model, part, batch, generator);
    const found = runOnnx(
      file,
      Object.fromEntries(
        Object.entries(inputs).map(([name, t]) => [name, { shape: [...t.shape], data: [...t.dataSync()] }]),
      ),
    );
    const right = computePart(model, part, inputs);
    assert.equal(Object.keys(found), Object.keys(right));
    for (const [name, t] of Object.entries(right)) {
      assert.equal(found[name]!.shape, [...t.shape], name);
      const error = largestError(found[name]!.data, t.dataSync());
      assert.ok(error < 1e-5, `${name} of ${batch} images is wrong by ${error}`);
    }
  }
}

const SIZES = { inputSize: 16, hidden: [5], latent: 3 };

for (const part of PARTS) {
  test(`${part} of a VAE: the file computes what the model computes`, () => {
    compare(new VAE({ ...SIZES, generator: new Generator(1) }), part);
  });

  test(`${part} of a conditional VAE: the file computes what the model computes`, () => {
    compare(new ConditionalVAE({ ...SIZES, classes: 4, generator: new Generator(1) }), part);
  });
}

test('decoder of a convolutional VAE with batch normalisation: the file computes what the model computes', () => {
  const own = new Generator(1);
  const decoder = new ConvolutionalDecoder(3, [6, 6], 1, {
    channels: [2, 3],
    batchNorm: true,
    generator: own,
  });
  const model = new VAE({ ...SIZES, inputSize: 36, decoder, generator: own });
  for (const [name, buffer] of model.namedBuffers())
    buffer.assign(rand(buffer.shape, { generator: own }).add(name.endsWith('Var') ? 0.5 : 0));
  compare(model, 'decoder');
});

test('the weights have the names, the shapes and the bits of the state dict', () => {
  const model = new VAE({ ...SIZES, generator: new Generator(1) });
  const { initializers } = readOnnx(exportOnnx(model, 'model'));
  for (const [name, { shape, data }] of Object.entries(model.stateDict()))
    assert.equal(initializers.get(name), { shape: [...shape], data: [...data] }, name);
});

test('the file says what the model is', () => {
  const model = new ConditionalVAE({ ...SIZES, classes: 4 });
  const { metadata, doc, name, inputs, outputs } = readOnnx(exportOnnx(model, 'model'));
  assert.equal(metadata, {
    kind: 'cvae',
    part: 'model',
    likelihood: 'bernoulli',
    latent: '3',
    pixels: '16',
    classes: '4',
  });
  assert.is(doc, 'The model of a cvae with bernoulli likelihood, trained with varigrad.');
  assert.is(name, 'model');
  assert.equal(inputs, { x: ['batch', 16], labels: ['batch', 4], eps: ['batch', 3] });
  assert.equal(outputs, { z: ['batch', 3], outputs: ['batch', 16], mean: ['batch', 16] });
});

/** The results of each part, by a model's name in the family. */
const RESULTS: Readonly<Record<string, string>> = {
  VAE: 'mu logVar',
  IAF: 'mu logVar',
  'categorical, sum': 'codes',
  autoencoder: 'codes',
  'semi-supervised': 'mu logVar logClasses',
  'VQ-VAE': 'codes indices',
};

test('every part of every model is written for any batch size, with its arguments', () => {
  for (const [name, make] of Object.entries(exportedModels)) {
    const model = make();
    for (const part of PARTS) {
      const { inputs, outputs, nodes, initializers } = readOnnx(exportOnnx(model, part));
      for (const shape of [...Object.values(inputs), ...Object.values(outputs)])
        assert.is(shape[0], 'batch', `${name}, ${part}`);
      const known = new Set([...Object.keys(inputs), ...initializers.keys()]);
      for (const { inputs: operands, outputs: results } of nodes) {
        for (const operand of operands) assert.ok(known.has(operand), `${name}, ${part}: ${operand}`);
        for (const result of results) {
          assert.not(known.has(result), `${name}, ${part}: ${result} is computed twice`);
          known.add(result);
        }
      }
      const used = new Set(nodes.flatMap((node) => node.inputs));
      for (const constant of initializers.keys())
        assert.ok(used.has(constant), `${name}, ${part}: ${constant}`);
    }
    const results = RESULTS[name];
    if (results !== undefined)
      assert.is(Object.keys(readOnnx(exportOnnx(model, 'encoder')).outputs).join(' '), results, name);
  }
  assert.equal(
    Object.keys(RESULTS).filter((name) => !(name in exportedModels)),
    [],
  );
});

test('a model in training mode is exported as in evaluation, and stays in training mode', () => {
  const model = family({ side: 8, classes: 3 })['batch normalisation and dropout']!();
  model.train();
  const training = exportOnnx(model, 'encoder');
  assert.ok(model.training);
  assert.equal(exportOnnx(model.eval() as GenerativeModel, 'encoder'), training);
});

test('wrong arguments are refused', () => {
  assert.throws(
    () => exportOnnx({} as never, 'decoder'),
    /exportOnnx: the model must be a model, such as new VAE/,
  );
  assert.throws(
    () => exportOnnx(new VAE(SIZES), 'prior' as never),
    /part must be one of 'encoder', 'decoder', 'model', found 'prior'/,
  );
});

test.run();
