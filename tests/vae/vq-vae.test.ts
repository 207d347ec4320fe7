/** The vector-quantized VAE: nearest vectors, the gradients that bypass them, and unused vectors. */
import { createReference, Generator, rand, type Tensor, tensor, withBackend } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { evaluate, fit, perplexity, reconstructionFigure, VQVAE, type VQVAEOptions } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const sizes = {
  inputSize: 6,
  hidden: [5],
  vectors: 3,
  width: 2,
  codebookSize: 4,
  activation: 'tanh',
} as const;
const make = (options: VQVAEOptions = {}): VQVAE =>
  new VQVAE({ ...sizes, restartBelow: 0, generator: new Generator(1), ...options });
const images = (count: number): Tensor => rand([count, 6], { generator: new Generator(2) });
/** A codebook in the encoder's range, so that several vectors are used. */
const CODEBOOK = [
  [0.3, 0.1],
  [-0.3, 0.2],
  [0.1, -0.4],
  [-0.1, 0.3],
];

/** Index of the nearest vector, by comparing all distances. */
function nearest(z: readonly number[], codebook: readonly (readonly number[])[] = CODEBOOK): number {
  const distances = codebook.map((e) => sum(e.map((v, i) => (v - (z[i] as number)) ** 2)));
  return distances.indexOf(Math.min(...distances));
}

/** The encoder's vectors of a batch, each with `width` numbers. */
function vectorsOf(model: VQVAE, x: Tensor): number[][] {
  const z = numbers(model.encoder.forward(x));
  return Array.from({ length: z.length / 2 }, (_, i) => z.slice(2 * i, 2 * i + 2));
}

test('each vector of the encoder is replaced by the nearest codebook vector', () => {
  const model = make();
  const x = images(20);
  const vectors = vectorsOf(model, x);
  const codebook = [0, 1, 2, 34].map((i) => (vectors[i] as number[]).map((v) => v + 0.01)); // close to vectors of the encoder
  model.codebook.assign(tensor(codebook));
  const wanted = vectors.map((z) => nearest(z, codebook));
  assert.ok(new Set(wanted).size > 2, `${new Set(wanted).size} vectors are used`);
  assert.equal(numbers(model.codeIndices(x)), wanted);
  assert.equal(model.codeIndices(x).shape, [20, 3]);
  assert.equal(numbers(model.codes(x)), numbers(tensor(wanted.flatMap((k) => codebook[k] as number[]))));
  assert.equal(numbers(model.codes(x)), numbers(model.codes(x)), 'codes are deterministic');
  const shares = numbers(model.codeShares(x));
  shares.forEach((share, k) => {
    assert.ok(Math.abs(share - wanted.filter((w) => w === k).length / 60) < 1e-6);
  });
});

test('the loss: −ELBO and, in training mode, the codebook loss and the commitment loss', () => {
  const model = make({ commitment: 0.4 });
  model.codebook.assign(tensor(CODEBOOK));
  const x = images(5);
  const squares = sum(
    vectorsOf(model, x).map((z) =>
      sum((CODEBOOK[nearest(z)] as number[]).map((e, i) => (e - (z[i] as number)) ** 2)),
    ),
  );
  const { loss, recon, kl } = model.elbo(x);
  const wantedRecon = -sum(numbers(model.likelihood.logProb(model.decode(model.codes(x)), x))) / 5;
  assert.ok(Math.abs(recon.itemSync() - wantedRecon) < 1e-5);
  assert.ok(Math.abs(kl.itemSync() - 3 * Math.log(4)) < 1e-5);
  const bound = recon.itemSync() + kl.itemSync();
  assert.ok(Math.abs(loss.itemSync() - (bound + (1.4 * squares) / 5)) < 1e-5);
  assert.ok(Math.abs(model.eval().elbo(x).loss.itemSync() - bound) < 1e-5);
});

test('gradients: ordinary for the decoder and the codebook; the encoder’s gradient bypasses the quantization', () => {
  withBackend(float64, () => {
    const model = make({ commitment: 0.4 });
    model.codebook.assign(tensor(CODEBOOK));
    const x = images(5);
    model.elbo(x).loss.backward();
    // By hand, each term separately, with the indices and the constant parts fixed at their values.
    const indices = model.codeIndices(x).reshape([15]);
    const z0 = model.encoder.forward(x).detach();
    const e0 = model.codebook.detach().indexSelect(indices).reshape([5, 6]);
    const shift = e0.sub(z0);
    const recon = (): Tensor =>
      model.likelihood
        .logProb(model.decode(model.encoder.forward(x).add(shift)), x)
        .mean()
        .neg();
    const commit = (): Tensor =>
      model.encoder
        .forward(x)
        .sub(e0)
        .square()
        .sum()
        .mul(0.4 / 5);
    const follow = (): Tensor =>
      model.codebook.indexSelect(indices).reshape([5, 6]).sub(z0).square().sum().div(5);
    const surrogate = (): number => recon().add(commit()).add(follow()).itemSync();
    const h = 1e-5;
    for (const [name, p] of model.namedParameters()) {
      const start = numbers(p);
      const gradient = numbers(p.grad as Tensor);
      assert.ok(
        gradient.some((g) => g !== 0),
        name,
      );
      const places = start.map((_, i) => i).filter((i) => i % 3 === 0);
      for (const i of places) {
        const at = (d: number): number => {
          p.assign(
            tensor(
              start.map((w, j) => (j === i ? w + d : w)),
              { shape: p.shape },
            ),
          );
          return surrogate();
        };
        const slope = (at(h) - at(-h)) / (2 * h);
        at(0);
        assert.ok(
          Math.abs((gradient[i] as number) - slope) < 1e-7,
          `${name}[${i}]: ${gradient[i]}, ${slope}`,
        );
      }
    }
  });
});

test('perplexity: 1 if one vector is used, and their number if all are used equally', () => {
  assert.ok(Math.abs(perplexity(tensor([0, 1, 0])).itemSync() - 1) < 1e-6);
  assert.ok(Math.abs(perplexity(tensor([0.25, 0.25, 0.25, 0.25])).itemSync() - 4) < 1e-5);
  const wanted = 0.2 ** -0.2 * 0.8 ** -0.8;
  assert.ok(Math.abs(perplexity(tensor([0.2, 0.8, 0])).itemSync() - wanted) < 1e-6);
});

test('an unused codebook vector is replaced by a vector of the encoder; a used one is kept', () => {
  const far = [
    [0.1, 0.1],
    [1e3, 1e3],
    [1e3, -1e3],
    [-1e3, 1e3],
  ];
  const x = images(6);
  for (const [restartBelow, moved] of [
    [0.5, 3],
    [0, 0],
  ] as const) {
    const model = make({ restartBelow });
    model.codebook.assign(tensor(far));
    model.usage.assign(tensor([0.25, 0.25, 0.25, 0.25])); // as if all had been used equally
    const given = vectorsOf(model, x).map(String);
    for (let step = 0; step < 100; step++) model.elbo(x, { generator: new Generator(step) });
    const after = numbers(model.codebook);
    const rows = far.map((row, k) => [after.slice(2 * k, 2 * k + 2), row.map(Math.fround)] as const);
    const replaced = rows.filter(([now, then]) => String(now) !== String(then));
    assert.is(replaced.length, moved, `restartBelow ${restartBelow}`);
    assert.ok(replaced.every(([now]) => given.includes(String(now))));
  }
  const still = make({ restartBelow: 0.5 }).eval();
  still.codebook.assign(tensor(far));
  for (let step = 0; step < 100; step++) still.elbo(x);
  assert.equal(numbers(still.codebook), far.flat().map(Math.fround), 'evaluation changes nothing');
});

test('the first step replaces every codebook vector that is not the nearest of any encoder vector', () => {
  const model = make({ restartBelow: 0.03 });
  model.codebook.assign(
    tensor([
      [0, 0],
      [1e3, 1e3],
      [1e3, -1e3],
      [-1e3, 1e3],
    ]),
  );
  const x = images(6);
  const given = vectorsOf(model, x).map(String);
  model.elbo(x, { generator: new Generator(1) });
  const codebook = numbers(model.codebook);
  for (let k = 1; k < 4; k++) assert.ok(given.includes(String(codebook.slice(2 * k, 2 * k + 2))));
});

test('the first step restarts the codebook vectors whose share in it is below 100·restartBelow/K', () => {
  const model = make({ restartBelow: 0.008, inputSize: 1, vectors: 8, width: 1, codebookSize: 4 });
  const codes = [0, 1, 2, 3];
  model.codebook.assign(tensor(codes.map((code) => [code])));
  const near = [0.1, 0.1, 0.1, 0.1, 0.1, 1.1, 1.1, 2.1]; // shares 5/8, 1/4, 1/8 and 0
  model.encoder.forward = () => tensor([near]);
  model.elbo(tensor([[0]]), { generator: new Generator(1) });
  const after = numbers(model.codebook);
  assert.equal(
    codes.map((code) => after[code] !== code),
    [false, false, true, true],
  );
});

test('training: the loss falls, several vectors are used, figures and restored weights work', async () => {
  const build = (seed: number): VQVAE =>
    new VQVAE({
      inputSize: SIZE * SIZE,
      hidden: [16],
      vectors: 2,
      width: 3,
      codebookSize: 8,
      generator: new Generator(seed),
    });
  const model = build(1);
  const before = await evaluate(model, data.test, { binarization: 'threshold' });
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
    epochs: 60,
    batchSize: BATCH,
    binarization: 'threshold',
  });
  const after = await evaluate(model, data.test, { binarization: 'threshold' });
  assert.ok(after.recon < 0.7 * before.recon, `${before.recon} to ${after.recon}`);
  const one = await evaluate(model, data.test, { binarization: 'threshold', batchSize: 1 });
  assert.ok(Math.abs(one.loss - after.loss) < 1e-5 * after.loss);
  const used = perplexity(
    model.codeShares(tensor(data.test.images, { shape: [21, SIZE * SIZE] })),
  ).itemSync();
  assert.ok(used > 2, `perplexity ${used}`);
  assert.ok((await reconstructionFigure(model, data.test, { columns: 5, rows: 1 })).pixels.width > 0);
  const copy = build(2);
  copy.loadStateDict(model.stateDict());
  assert.equal(await evaluate(copy, data.test, { binarization: 'threshold' }), after);
  const z = model.samplePrior(4, { generator: new Generator(3) });
  assert.equal(z.shape, [4, 6]);
  const rows = new Set(
    Array.from({ length: 8 }, (_, k) => String(numbers(model.codebook).slice(3 * k, 3 * k + 3))),
  );
  for (let i = 0; i < 8; i++) assert.ok(rows.has(String(numbers(z).slice(3 * i, 3 * i + 3))));
});

test('invalid options are refused', () => {
  refuses(() => make({ codebookSize: 0 }), 'VQVAE: codebookSize must be a whole number above 0, found 0');
  refuses(
    () => make().elbo(images(1), { beta: 2 }),
    'elbo: a VQ-VAE has no KL term — leave out beta and freeBits',
  );
});

test.run();
