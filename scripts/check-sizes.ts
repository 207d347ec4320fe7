/**
 * Checks the size of bundles of the built packages: minified and gzipped, each below its ceiling. Every bundle is also
 * loaded and used, so that an incomplete bundle does not pass as a small one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from './packages.js';
import { runNpm, type Step } from './steps.js';

/** An import of a page, and its maximum size. */
interface Ceiling {
  name: string;
  /** Source of the module that is bundled. */
  imports: string;
  /** Maximum size in kB (1000 bytes) after gzip. */
  most: number;
  /** Uses what the bundle exports. */
  use: (bundle: Bundle) => void;
}

/** The exports of the bundles that the checks use. */
interface Bundle {
  tensor: typeof import('@varigrad/core').tensor;
  VAE: typeof import('@varigrad/vae').VAE;
  Adam: typeof import('@varigrad/nn').Adam;
}

const CEILINGS: readonly Ceiling[] = [
  {
    name: 'import { tensor }',
    imports: `export { tensor } from '@varigrad/core';`,
    most: 73,
    use: useMethods,
  },
  {
    name: 'core with init',
    imports: `export { init, tensor } from '@varigrad/core';`,
    most: 73,
    use: useMethods,
  },
  {
    name: 'core + nn + VAE + Adam',
    imports: `
      export { init, tensor } from '@varigrad/core';
      export { Adam } from '@varigrad/nn';
      export { VAE } from '@varigrad/vae';`,
    most: 82,
    use: trainOneStep,
  },
];

function useMethods({ tensor }: Bundle): void {
  const product = tensor([1]).mul(2).itemSync();
  if (product !== 2) throw new Error(`tensor([1]).mul(2) must be 2, found ${product}`);
}

function trainOneStep({ tensor, VAE, Adam }: Bundle): void {
  const model = new VAE({ inputSize: 2, hidden: [2], latent: 1 });
  const optimizer = new Adam([...model.parameters()]);
  model.elbo(tensor([[0, 1]])).loss.backward();
  optimizer.step();
}

/** Builds the packages, then bundles and measures each of `CEILINGS`. */
export function sizeSteps(): Step[] {
  return [
    { name: 'build', run: async () => void (await runNpm(['run', '--silent', 'build'])), essential: true },
    ...CEILINGS.map((ceiling) => ({ name: `size of ${ceiling.name}`, run: () => checkSize(ceiling) })),
  ];
}

async function checkSize({ name, imports, most, use }: Ceiling): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: imports, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  const { contents } = outputFiles[0]!;
  const size = gzipSync(contents, { level: 9 }).length / 1000;
  console.log(`      ${name}: ${size.toFixed(1)} kB gzipped, at most ${most}`);
  if (size > most) throw new Error(`the size must be at most ${most} kB gzipped, found ${size.toFixed(1)}`);
  use(await load(contents));
}

async function load(code: Uint8Array): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-size-'));
  try {
    const file = join(folder, 'bundle.mjs');
    writeFileSync(file, code);
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
