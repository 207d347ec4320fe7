/** Builds the packages and packs them as npm would publish them. */
import { join } from 'node:path';
import { PACKAGES } from './packages.js';
import { runNpm } from './steps.js';

/** Builds all packages and packs them into `folder`.
 * @returns folder name of the package (`core`) → path of its tarball */
export async function buildAndPack(folder: string): Promise<Map<string, string>> {
  await runNpm(['run', '--silent', 'build']);
  const tarballs = new Map<string, string>();
  for (const name of PACKAGES) {
    const args = ['pack', '--silent', '--pack-destination', folder, `--workspace=packages/${name}`];
    tarballs.set(name, join(folder, (await runNpm(args)).trim()));
  }
  return tarballs;
}
