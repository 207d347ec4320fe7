/** The models of the zoo: their size, what their cards say, and the examples on the cards. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors } from '@varigrad/nn';
import { fromPretrained, measureRun, mnist } from '@varigrad/vae/node';
import { transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeBlocksOf, ROOT } from '../docs/markdown.js';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';

const FOLDER = join(ROOT, 'packages/zoo/models');
const NAMES = readdirSync(FOLDER);
const MOST_BYTES = 8e6;

const cardOf = (name: string): string => readFileSync(join(FOLDER, name, 'README.md'), 'utf8');

const blockOf = (name: string, language: string): string =>
  codeBlocksOf(cardOf(name)).find((block) => block.language === language)!.text;

/** A number of the card's table. */
function numberOf(name: string, quantity: string): number {
  const [, value] = cardOf(name).match(new RegExp(`^\\| ${quantity} \\| ([\\d.]+)`, 'm')) ?? [];
  return Number(value);
}

test('the models are there, small, and in halves', () => {
  assert.ok(NAMES.includes('cvae-mnist-z2') && NAMES.length >= 3, NAMES.join());
  const files = NAMES.flatMap((name) =>
    readdirSync(join(FOLDER, name)).map((file) => join(FOLDER, name, file)),
  );
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  for (const name of NAMES) {
    const { tensors, converted } = decodeSafetensors(readFileSync(join(FOLDER, name, 'model.safetensors')));
    const halves = converted.filter(({ dtype }) => dtype === 'F16').map((tensor) => tensor.name);
    assert.equal(
      halves,
      Object.keys(tensors).filter((key) => tensors[key]!.shape.length > 0),
    );
  }
});

for (const name of NAMES) {
  test(`${name} has the losses on its card`, async () => {
    const loaded = await fromPretrained(name);
    const { test: images } = await mnist();
    const { loss, recon, kl, latent } = await measureRun(loaded, images);
    assert.match(cardOf(name), /On 10,000 test images; binarization of the targets: none\./);
    for (const [quantity, value] of [
      ['−ELBO', loss],
      ['reconstruction', recon],
      ['KL', kl],
    ] as const)
      assert.ok(Math.abs(numberOf(name, quantity) - value) < 0.01, `${quantity}: ${value}`);
    assert.is(numberOf(name, 'active dimensions of z'), latent!.active);
  });

  test(`${name}: the example on its card draws images`, () => {
    const { code } = transformSync(blockOf(name, 'ts'), { loader: 'ts', format: 'esm' });
    const args = ['--conditions=@varigrad/source', '--import', 'tsx', '--input-type=module', '--eval', code];
    const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    assert.is(printed.trim(), '[ 10, 784 ]');
  });
}

const python = pythonWith('torch', 'numpy');

testIf(python !== undefined)("the cards' Python runs in PyTorch", () => {
  for (const name of NAMES) {
    const lines = runPython(python as string, blockOf(name, 'python'), [], join(FOLDER, name))
      .trim()
      .split('\n');
    const isDense = JSON.parse(readFileSync(join(FOLDER, name, 'config.json'), 'utf8')).network === 'dense';
    if (isDense) assert.equal(lines, ['(10, 28, 28)']);
    else
      assert.ok(
        lines.some((line) => line.startsWith('encoder.hidden.layers.1.weight (32, 1, 4, 4)')),
        lines.join('\n'),
      );
  }
});

test.run();
