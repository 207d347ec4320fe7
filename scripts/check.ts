/**
 * The static checks: types, Biome, structure, bundle sizes, and publint and attw for each packed package.
 *
 *   npm run check                     all
 *   npm run check -- types biome      some of: types, biome, structure, sizes, packages
 *   npm run check -- publishing       what the packages lack before they can be published; not part of "all"
 *
 * All checks run even if one fails, except that a package that cannot be packed is not inspected. The last line is
 * `N passed, N failed`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingForPublishing } from './check-publishing.js';
import { sizeSteps } from './check-sizes.js';
import { findStructureFaults } from './check-structure.js';
import { buildAndPack } from './pack.js';
import { PACKAGES, ROOT } from './packages.js';
import { runSteps, runTool, type Step } from './steps.js';

async function checkTypes(): Promise<void> {
  await runTool('typescript/bin/tsc', ['--noEmit', '--project', '.']);
}

async function checkBiome(): Promise<void> {
  await runTool('@biomejs/biome/bin/biome', ['ci', '--error-on-warnings', '--colors=off']);
}

async function checkStructure(): Promise<void> {
  const faults = findStructureFaults(ROOT);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** Builds and packs all packages into `folder`, then inspects the tarballs. */
function packageSteps(folder: string): Step[] {
  let tarballs = new Map<string, string>();
  const pack = async (): Promise<void> => {
    tarballs = await buildAndPack(folder);
  };
  const inspect = async (name: string, script: string, args: readonly string[]): Promise<void> => {
    const tarball = tarballs.get(name);
    if (!tarball) throw new Error('not packed');
    await runTool(script, [tarball, ...args]);
  };
  const attw = '@arethetypeswrong/cli/dist/index.js';
  return [
    { name: 'build and pack', run: pack, essential: true },
    ...PACKAGES.flatMap((name): Step[] => [
      { name: `publint ${name}`, run: () => inspect(name, 'publint/src/cli.js', ['--strict']) },
      { name: `attw ${name}`, run: () => inspect(name, attw, ['--profile', 'esm-only']) },
    ]),
  ];
}

function publishingSteps(): Step[] {
  return PACKAGES.map((name) => {
    const run = async (): Promise<void> => {
      const missing = missingForPublishing(name);
      if (missing.length > 0) throw new Error(`packages/${name} lacks ${missing.join(', ')}`);
    };
    return { name: `publishing ${name}`, run };
  });
}

const folder = mkdtempSync(join(tmpdir(), 'varigrad-check-'));
const groups: Readonly<Record<string, readonly Step[]>> = {
  types: [{ name: 'types', run: checkTypes }],
  biome: [{ name: 'biome', run: checkBiome }],
  structure: [{ name: 'structure', run: checkStructure }],
  sizes: sizeSteps(),
  packages: packageSteps(folder),
};
/** Groups that run only if they are named. */
const onRequest: Readonly<Record<string, readonly Step[]>> = { publishing: publishingSteps() };
const known = { ...groups, ...onRequest };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(groups);
const unknown = wanted.filter((name) => !known[name]);
try {
  if (unknown.length > 0) {
    console.error(`no such check: ${unknown.join(', ')} — use ${Object.keys(known).join(', ')}`);
    process.exitCode = 1;
  } else {
    await runSteps(wanted.flatMap((name) => known[name] ?? []));
  }
} finally {
  rmSync(folder, { recursive: true });
}
