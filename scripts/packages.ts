/** The published packages, in the order of their dependencies, and their entry points. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

/** Folder names below packages/. A package may import those before it and none after it. */
export const PACKAGES: readonly string[] = ['core', 'nn', 'vae'];

/** One entry point of a package, from `exports` in its package.json. */
export interface EntryPoint {
  /** The import specifier: `@varigrad/core/gpu`. */
  specifier: string;
  /** Source file, relative to the package: `./src/index.ts`. */
  source: string;
  /** Bundle, relative to the package: `./dist/index.js`. */
  bundle: string;
}

export function packageFolder(name: string): string {
  return join(ROOT, 'packages', name);
}

/** @throws Error if an entry of `exports` is neither a file nor a source, types and default triple */
export function entryPoints(name: string): EntryPoint[] {
  const manifest = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8'));
  const entries: [string, unknown][] = Object.entries(manifest.exports);
  return entries.flatMap(([key, target]) => {
    if (typeof target === 'string') return [];
    const {
      '@varigrad/source': source,
      types,
      default: bundle,
    } = target as Record<string, string | undefined>;
    if (!source || !types || !bundle)
      throw new Error(`${name}: exports['${key}'] lacks source, types or default`);
    return [{ specifier: join('@varigrad', name, key), source, bundle }];
  });
}
