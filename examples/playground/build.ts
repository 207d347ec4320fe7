/** Builds the playground: a folder of static files for any server, at any path. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BROWSER_BUNDLE } from '../../scripts/browser-bundle.js';
import { digitFiles } from './digit-files.js';

const HERE: string = fileURLToPath(new URL('.', import.meta.url));

/** Writes the page into a folder, which is emptied first. What only GPU backends need is a file of its own. */
export async function buildPlayground(outFolder: string): Promise<void> {
  await rm(outFolder, { recursive: true, force: true });
  await mkdir(join(outFolder, 'digits'), { recursive: true });
  await Promise.all([
    copyFile(join(HERE, 'index.html'), join(outFolder, 'index.html')),
    bundle(outFolder, ['src/page.ts', 'src/worker.ts']),
    bundle(outFolder, ['style.css']),
    writeDigits(join(outFolder, 'digits')),
  ]);
}

async function bundle(outdir: string, files: readonly string[]): Promise<void> {
  await build({
    ...BROWSER_BUNDLE,
    entryPoints: files.map((file) => join(HERE, file)),
    outdir,
    entryNames: '[name]',
    splitting: true,
    minify: true,
    legalComments: 'none',
  });
}

async function writeDigits(folder: string): Promise<void> {
  for (const [name, bytes] of await digitFiles()) await writeFile(join(folder, name), bytes);
}
