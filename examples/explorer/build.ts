/** Builds the page: a folder of static files for any server, at any path. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BROWSER_BUNDLE } from '../../scripts/browser-bundle.js';
import { PACKAGES, packageFolder } from '../../scripts/packages.js';
import type { Sources } from './src/sources.js';

const HERE: string = fileURLToPath(new URL('.', import.meta.url));

/**
 * Writes the page into a folder, which is emptied first: index.html, the styles, the script, and each package as separate
 * modules. The import map of index.html names the modules, so that programs written in the page can import them.
 */
export async function buildExplorer(outFolder: string): Promise<void> {
  await rm(outFolder, { recursive: true, force: true });
  await mkdir(outFolder, { recursive: true });
  await Promise.all([
    copyFile(join(HERE, 'index.html'), join(outFolder, 'index.html')),
    bundleStyles(outFolder),
    bundlePage(outFolder),
    ...PACKAGES.map((name) => bundlePackage(name, outFolder)),
  ]);
}

/**
 * Entry points that the packages and programs in the page import, relative to the package's `src`; index.html maps their names.
 * The others need gpu.js or a file system.
 */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  core: ['index', 'checks/index', 'compile/index', 'trace/index'],
};

/** Packages import each other by name. The path contains `core/dist`, by which a trace recognises library code. */
async function bundlePackage(name: string, outFolder: string): Promise<void> {
  await build({
    ...BROWSER_BUNDLE,
    entryPoints: (ENTRIES[name] ?? ['index']).map((entry) => join(packageFolder(name), 'src', `${entry}.ts`)),
    outbase: join(packageFolder(name), 'src'),
    outdir: join(outFolder, 'packages', name, 'dist'),
    splitting: true, // entry points share one Tensor class
    external: PACKAGES.map((other) => `@varigrad/${other}`),
  });
}

async function bundleStyles(outFolder: string): Promise<void> {
  await build({
    ...BROWSER_BUNDLE,
    entryPoints: [join(HERE, 'style.css')],
    outfile: join(outFolder, 'style.css'),
  });
}

async function bundlePage(outFolder: string): Promise<void> {
  const script = join(outFolder, 'explorer.js');
  await build({
    ...BROWSER_BUNDLE,
    entryPoints: [join(HERE, 'src/page.ts')],
    outfile: script,
    external: ['@varigrad/*'],
    sourcemap: 'linked',
  });
  const [code, map] = await Promise.all([readFile(script, 'utf8'), readFile(`${script}.map`, 'utf8')]);
  await writeFile(join(outFolder, 'sources.json'), JSON.stringify(sourcesOf(code, JSON.parse(map))));
}

/** The preset source line of each line of the script, and the sources. */
function sourcesOf(code: string, payload: SourceMapPayload & { sourcesContent?: string[] }): Sources {
  const map = new SourceMap(payload);
  const lines: Record<string, string> = {};
  const files: Record<string, string> = {};
  code.split('\n').forEach((text, line) => {
    const column = text.search(/\S/);
    const { originalSource, originalLine } = map.findEntry(line, Math.max(0, column)) as Partial<{
      originalSource: string;
      originalLine: number;
    }>;
    const name = /presets\/(?:museum\/)?([^/]+)$/.exec(originalSource ?? '')?.[1];
    if (name === undefined || originalLine === undefined || column < 0) return;
    lines[line + 1] = `${name}:${originalLine + 1}`;
    files[name] ??= payload.sourcesContent?.[payload.sources.indexOf(originalSource as string)] ?? '';
  });
  return { lines, files };
}
