/** Builds each package's dist: an ES module per entry point (esbuild) and declarations (tsc). */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { entryPoints, PACKAGES, packageFolder, ROOT } from './packages.js';

async function bundle(name: string): Promise<void> {
  const folder = packageFolder(name);
  await build({
    absWorkingDir: folder,
    entryPoints: entryPoints(name).map(({ source, bundle }) => ({
      in: source,
      out: bundle.replace(/^\.\/dist\//, '').replace(/\.js$/, ''),
    })),
    outdir: 'dist',
    bundle: true,
    splitting: true, // entry points share one Tensor class
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false, // the sources are in the package
    logLevel: 'warning',
  });
}

/** Emits the declarations of a package. They refer to those of earlier packages through `exports`, so the order matters. */
function declare(name: string): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '--project', packageFolder(name)], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`@varigrad/${name}: tsc cannot emit the declarations (see above)`);
}

try {
  for (const name of PACKAGES) {
    rmSync(join(packageFolder(name), 'dist'), { recursive: true, force: true });
    await bundle(name);
    declare(name);
    const bundles = entryPoints(name).map((entry) => entry.bundle);
    console.log(`built @varigrad/${name}: ${bundles.join(', ')}`);
  }
} catch (error) {
  console.error(`npm run build: ${(error as Error).message}`);
  process.exitCode = 1;
}
