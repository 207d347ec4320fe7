/** Builds the site: landing page, playground, explorer, service worker, and the documents if they are wanted. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { buildExplorer } from '../examples/explorer/build.js';
import { buildPlayground } from '../examples/playground/build.js';
import { PRESETS } from '../examples/playground/src/presets.js';
import { BROWSER_BUNDLE } from '../scripts/browser-bundle.js';
import { ROOT } from '../scripts/packages.js';

const HERE: string = import.meta.dirname;

/** Names of the API that the landing page links to, with their pages in the reference. */
const API_NAMES: Readonly<Record<string, string>> = {
  Tensor: 'classes/_varigrad_core.Tensor.html',
  compile: 'functions/_varigrad_core.compile.html',
  Linear: 'classes/_varigrad_nn.Linear.html',
  Module: 'classes/_varigrad_nn.Module.html',
  Adam: 'classes/_varigrad_nn.Adam.html',
  VAE: 'classes/_varigrad_vae.VAE.html',
  ConditionalVAE: 'classes/_varigrad_vae.ConditionalVAE.html',
  fit: 'functions/_varigrad_vae.fit.html',
};

/**
 * Writes the pages without the documents into a folder, which is emptied first.
 * @see addServiceWorker, which comes last
 */
export async function buildPages(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all([
    buildPlayground(join(folder, 'playground')),
    buildExplorer(join(folder, 'explorer')),
    writeLandingPage(folder),
    copyFile(join(ROOT, 'examples/mnist/images/samples.png'), join(folder, 'samples.png')),
    build({
      ...BROWSER_BUNDLE,
      entryPoints: [join(HERE, 'site.ts'), join(HERE, 'style.css')],
      outdir: folder,
      minify: true,
    }),
  ]);
}

async function writeLandingPage(folder: string): Promise<void> {
  const html = await readFile(join(HERE, 'index.html'), 'utf8');
  const item = (address: string, text: string): string => `<li><a href="${address}">${text}</a></li>`;
  const names = Object.entries(API_NAMES).map(([name, page]) => item(`./docs/api/${page}`, name));
  const presets = PRESETS.map(({ id, title }) => item(`./playground/index.html#preset=${id}`, title));
  const filled = html
    .replace('<!-- links to the API reference -->', names.join('\n          '))
    .replace('<!-- links to presets of the playground -->', presets.join('\n          '));
  await writeFile(join(folder, 'index.html'), filled);
}

/** Files that are loaded only on demand: they are kept when they were used once. */
const ON_DEMAND = /train-60000|\.map$/;

/** Writes the service worker, which lists every file of the site. */
export async function addServiceWorker(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join(posix.sep))
    .filter((path) => path !== 'service-worker.js')
    .sort();
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update(await readFile(join(folder, path)));
  const kept = paths.filter((path) => !ON_DEMAND.test(path));
  const isDocument = (path: string): boolean => path.startsWith('docs/');
  const files = {
    version: hash.digest('hex').slice(0, 16),
    first: kept.filter((path) => !isDocument(path)),
    rest: kept.filter(isDocument),
  };
  await build({
    ...BROWSER_BUNDLE,
    entryPoints: [join(HERE, 'service-worker.ts')],
    outdir: folder,
    minify: true,
    define: { SITE_FILES: JSON.stringify(files) },
  });
}
