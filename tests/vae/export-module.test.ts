/** Decoders as JavaScript modules, and the text of exported pages. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReference, Generator, oneHot, rand, randn, tensor, withBackend } from '@varigrad/core';
import { Autoencoder, ConditionalVAE, ConvolutionalDecoder, type GenerativeModel, VAE } from '@varigrad/vae';
import { exportModule, exportPage } from '@varigrad/vae/export';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { controlsOf } from '../../packages/vae/src/export/controls.js';
import { computePart } from '../../packages/vae/src/export/parts.js';
import { ROOT } from '../../scripts/packages.js';
import { runTool } from '../../scripts/steps.js';
import { exportedModels } from '../helpers/exported-models.js';

/** The exports of a module. */
interface Module {
  kind: string;
  latent: number;
  classes: number;
  imageShape: number[];
  decode(z: ArrayLike<number>, label?: number): Float32Array;
}

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-module-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;

/** Imports a module from a folder without any package. */
function importCode(code: string): Promise<Module> {
  const path = join(scratch, `${files++}.mjs`);
  writeFileSync(path, code);
  return import(path);
}

const shapeOf = ({ inputSize }: GenerativeModel): [number, number] => {
  const side = Math.sqrt(inputSize);
  return [side, side];
};

/** The mean image that the library decodes. */
function decoded(model: GenerativeModel, z: ArrayLike<number>, label: number | undefined): Float32Array {
  const labels = label === undefined ? {} : { labels: oneHot([label], model.classes) };
  return Float32Array.from(
    computePart(model, 'decoder', { z: tensor([Array.from(z)]), ...labels }).mean!.dataSync(),
  );
}

test('the module of every model decodes as the library does', async () => {
  const reference = createReference();
  for (const [name, make] of Object.entries(exportedModels)) {
    const model = make();
    const module = await importCode(exportModule(model, { imageShape: shapeOf(model) }).code);
    const { kind, latent, classes } = model;
    assert.equal([module.kind, module.latent, module.classes], [kind, latent, classes], name);
    for (const seed of [1, 2, 3]) {
      const z = randn([latent], { generator: new Generator(seed) }).dataSync();
      const label = classes > 0 ? seed % classes : undefined;
      const found = module.decode(z, label);
      assert.instance(found, Float32Array);
      const bits = withBackend(reference, () => decoded(model, z, label));
      assert.equal(found, bits, `${name}: the bits of the reference backend`);
      decoded(model, z, label).forEach((value, i) => {
        assert.ok(Math.abs(found[i]! - value) <= 1e-6, `${name}, pixel ${i}: ${found[i]} for ${value}`);
      });
    }
  }
});

const sizes = { inputSize: 64, hidden: [5], latent: 3 };

test('decode refuses a wrong code and a wrong label', async () => {
  const imageShape = [8, 8] as const;
  const plain = await importCode(exportModule(new VAE(sizes), { imageShape }).code);
  assert.throws(() => plain.decode([0, 0]), /^decode: z must have 3 numbers, found 2$/);
  assert.throws(() => plain.decode([0, 0, 0], 1), /^decode: the model has no classes — leave the label out$/);
  const conditional = await importCode(
    exportModule(new ConditionalVAE({ ...sizes, classes: 4 }), { imageShape }).code,
  );
  for (const label of [undefined, 4, -1, 0.5])
    assert.throws(
      () => conditional.decode([0, 0, 0], label),
      new RegExp(`^decode: the label must be a whole number from 0 to 3, found ${label}$`),
    );
});

test('the declarations have the types of the module', async () => {
  const model = new ConditionalVAE({ ...sizes, classes: 4 });
  const { code, declarations } = exportModule(model, { imageShape: [8, 8] });
  writeFileSync(join(scratch, 'decoder.mjs'), code);
  writeFileSync(join(scratch, 'decoder.d.mts'), declarations);
  writeFileSync(
    join(scratch, 'use.mts'),
    `import { classes, decode, imageShape, kind, latent } from './decoder.mjs';
export const picture: Float32Array = decode([1, 2, 3], 2);
export const shape: readonly [8, 8] = imageShape;
export const facts: [string, 3, 4] = [kind, latent, classes];
// @ts-expect-error the label is missing
decode(new Float32Array(3));
`,
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', ''];
  await runTool(join(ROOT, 'node_modules/typescript/bin/tsc'), [...flags, 'use.mts'], scratch);
});

test('the files of the 784-400-20 network take less than 3 MB and decode in less than 16 ms', async () => {
  const model = exportedModels['784-400-20']!();
  const { code } = exportModule(model, { imageShape: [28, 28] });
  assert.ok(code.length < 3e6, `${code.length} bytes`);
  const page = await exportPage(model, { imageShape: [28, 28] });
  assert.ok(page.length < 3e6, `${page.length} bytes`);
  const { decode } = await importCode(code);
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    decode(new Float32Array(20));
    return performance.now() - start;
  });
  const median = times.sort((a, b) => a - b)[15]!;
  assert.ok(median < 16, `${median} ms`);
});

test('a module contains the decoder alone', () => {
  const model = new VAE({ ...sizes, hidden: [500] });
  const { code } = exportModule(model, { imageShape: [8, 8] });
  const weights = model.decoder.parameters().reduce((sum, { size }) => sum + size, 0);
  assert.ok(code.length < (4 * weights * 4) / 3 + 16_000, `${code.length} bytes for ${weights} weights`);
});

test('images of three channels', async () => {
  const model = new VAE({ inputSize: 48, hidden: [8], latent: 2 });
  const { code, declarations } = exportModule(model, { imageShape: [3, 4, 4] });
  assert.equal((await importCode(code)).imageShape, [3, 4, 4]);
  assert.match(declarations, /Channels, height and width of an image/);
  assert.match(declarations, /3 × 4 × 4 values, one channel after the other, row by row/);
  const page = await exportPage(model, { imageShape: [3, 4, 4] });
  assert.match(page, 'const [channels, height, width] = [3, 4, 4];');
});

test('arguments that do not fit the model are refused', async () => {
  const model = new VAE(sizes);
  assert.throws(
    () => exportModule(model, { imageShape: [8, 7] }),
    /^exportModule: imageShape must have the 64 values of the model, found 8 × 7 = 56$/,
  );
  assert.throws(
    () => exportModule(model, { imageShape: 8 } as never),
    /must be \[height, width\] or \[channels, height, width\], found 8 — write/,
  );
  assert.throws(() => exportModule(model, { shape: [8, 8] } as never), /unknown option 'shape'/);
  assert.throws(() => exportModule({} as never, { imageShape: [8, 8] }), /the model must be a model/);
  for (const [options, message] of [
    [{ imageShape: [4, 4] }, /imageShape must have the 64 values/],
    [{ imageShape: [8, 8], title: 3 }, /title must be/],
    [
      { imageShape: [8, 8], codes: rand([4, 2]) },
      /codes must be \[count, 3\], with at least one row, found \[4, 2\]/,
    ],
    [{ imageShape: [8, 8], codes: rand([0, 3]) }, /found \[0, 3\]/],
    [
      { imageShape: [8, 8], codes: tensor([[0, Number.NaN, 0]]) },
      /^exportPage: the codes must be finite numbers, found NaN$/,
    ],
  ] as const) {
    const outcome = await exportPage(model, options as never).then(
      () => 'no error',
      (error: Error) => error.message,
    );
    assert.match(outcome, message);
  }
});

test('a page escapes its title and allows its own script alone', async () => {
  const page = await exportPage(new VAE(sizes), { imageShape: [8, 8], title: '<script>alert(1)</script>' });
  assert.not.match(page, /<script>alert/);
  assert.is(page.match(/<script/g)?.length, 1);
  const [, script] = /<script type="module">([\s\S]*)<\/script>/.exec(page)!;
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script))).toString(
    'base64',
  );
  assert.ok(
    page.includes(`default-src 'none'; img-src data:; script-src 'sha256-${hash}'; style-src 'sha256-`),
  );
});

test('sliders cover the prior: ±3 for N(0, I), the samples of another one, the choices of a discrete one', () => {
  const of = (name: string) => controlsOf(exportedModels[name]!());
  const plain = of('VAE');
  assert.ok(plain.kind === 'numbers' && plain.codes === null);
  assert.equal(plain.ranges, [
    [-3, 3],
    [-3, 3],
    [-3, 3],
  ]);
  const mixture = of('mixture');
  assert.ok(mixture.kind === 'numbers' && mixture.codes?.length === 1 && mixture.codes[0]!.length === 240);
  const perClass = of('conditional');
  assert.ok(perClass.kind === 'numbers' && perClass.codes?.length === 3 && perClass.codes[2]!.length === 80);
  for (const controls of [mixture, perClass])
    controls.ranges.forEach(([low, high], i) => {
      const values = controls.codes!.flat().map((code) => code[i]!);
      assert.equal([low, high], [Math.min(...values), Math.max(...values)]);
    });
  const categorical = of('categorical, relaxed');
  assert.ok(categorical.kind === 'choices' && categorical.groups === 2);
  assert.equal(categorical.table, [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]);
  const codebook = of('VQ-VAE');
  assert.ok(codebook.kind === 'choices' && codebook.groups === 2);
  assert.equal([codebook.table.length, codebook.table[0]!.length], [8, 3]);
});

test('a range may come from more codes than a call takes arguments', () => {
  const controls = controlsOf(new Autoencoder(sizes), rand([200_000, 3]).add(1));
  assert.ok(controls.kind === 'numbers' && controls.codes![0]!.length === 200_000);
  for (const [low, high] of controls.ranges) assert.ok(low >= 1 && low < 1.1 && high > 1.9 && high <= 2);
});

test('codes that are given define the ranges, also where they are all equal', () => {
  const controls = controlsOf(
    new Autoencoder(sizes),
    tensor([
      [1, 5, 2],
      [3, 5, -2],
    ]),
  );
  assert.ok(controls.kind === 'numbers');
  assert.equal(controls.ranges, [
    [1, 3],
    [4, 6],
    [-2, 2],
  ]);
  assert.equal(controls.codes, [
    [
      [1, 5, 2],
      [3, 5, -2],
    ],
  ]);
});

test('the numbers of z that change the picture most come first', () => {
  const model = new VAE({ ...sizes, hidden: [], generator: new Generator(1) });
  const factors = tensor([[0.1, 10, 1]]);
  for (const [name, t] of model.namedParameters())
    if (name === 'decoder.out.weight') t.assign(t.detach().mul(0).add(factors.mul(0.05)));
  const controls = controlsOf(model);
  assert.ok(controls.kind === 'numbers');
  assert.equal(controls.order, [1, 2, 0]);
});

test('a convolutional decoder with dropout-free batch normalisation is exported in evaluation mode', async () => {
  const generator = new Generator(2);
  const decoder = new ConvolutionalDecoder(3, [8, 8], 1, { channels: [3], batchNorm: true, generator });
  const model = new VAE({ ...sizes, decoder, generator });
  model.train();
  const { code } = exportModule(model, { imageShape: [8, 8] });
  assert.ok(model.training);
  const { decode } = await importCode(code);
  assert.equal(
    decode([1, 2, 3]),
    withBackend(createReference(), () => decoded(model, [1, 2, 3], undefined)),
  );
});

test.run();
