/**
 * The import graph of the sources, type imports included. Imports are read from the text: esbuild drops type imports, and
 * dependency-cruiser needs TypeScript below 7 to find them.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entryPoints, PACKAGES } from './packages.js';

/** File → files it imports, paths relative to the root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** `import … from 'x'` and `export … from 'x'` at the start of a line, `import 'x'`, and `import('x')` anywhere. */
const SPECIFIER =
  /^(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])([^'"\n]+)\1|\bimport\(\s*(['"])([^'"\n]+)\3\s*\)/gm;

/** The specifiers that a module imports, in the order of its text, each once. */
export function importsOf(text: string): string[] {
  const found = [...text.matchAll(SPECIFIER)].map((match) => match[2] ?? match[4]!);
  return [...new Set(found)];
}

/** The imports of the files `paths` of the folder `root`, and of the files that they import. Imports that do not resolve to
 * a file are left out: installed packages, modules that are not built, and imports in programs inside template literals. */
export function readImports(root: string, paths: readonly string[]): ImportGraph {
  const entries = packageEntries();
  const resolve = (from: string, specifier: string): string[] => {
    if (!specifier.startsWith('.')) {
      const entry = entries.get(specifier);
      return entry === undefined ? [] : [entry];
    }
    const target = join(dirname(from), specifier);
    const path = [target, target.replace(/\.js$/, '.ts'), `${target}.ts`].find((candidate) =>
      isFile(join(root, candidate)),
    );
    return path === undefined ? [] : [path];
  };
  const graph = new Map<string, string[]>();
  const visit = (path: string): void => {
    if (graph.has(path)) return;
    const targets = importsOf(readFileSync(join(root, path), 'utf8')).flatMap((name) => resolve(path, name));
    graph.set(path, targets);
    for (const target of targets) visit(target);
  };
  for (const path of paths) visit(path);
  return graph;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** `@varigrad/core/gpu` → its source file, relative to the root. */
function packageEntries(): Map<string, string> {
  return new Map(
    PACKAGES.flatMap((name) =>
      entryPoints(name).map(({ specifier, source }): [string, string] => [
        specifier,
        join('packages', name, source),
      ]),
    ),
  );
}

/** The groups of files that reach each other by imports (strongly connected), each sorted; Tarjan 1972. */
export function findCycles(graph: ImportGraph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || graph.get(file)?.includes(file)) cycles.push(group.sort());
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

/** Imports from a package to one above it, as `file → file`. */
export function findUpwardImports(graph: ImportGraph): string[] {
  const rank = (file: string): number => PACKAGES.findIndex((name) => file.startsWith(`packages/${name}/`));
  return [...graph].flatMap(([file, imports]) =>
    imports
      .filter((target) => rank(file) >= 0 && rank(target) > rank(file))
      .map((target) => `${file} → ${target}`),
  );
}

/** The parts of a model, which do not import one another. */
const PARTS = ['likelihoods', 'posteriors', 'priors'];

/** Imports from one part of a model to another, as `file → file`. */
export function findPartImports(graph: ImportGraph): string[] {
  const partOf = (file: string) => PARTS.find((part) => file.startsWith(`packages/vae/src/${part}/`));
  return [...graph].flatMap(([file, imports]) => {
    const own = partOf(file);
    if (own === undefined) return [];
    return imports
      .filter((target) => ![undefined, own].includes(partOf(target)))
      .map((target) => `${file} → ${target}`);
  });
}
