import type { BuildOptions } from 'esbuild';

/** esbuild options of bundles for pages: modules for current browsers, from the packages' sources. */
export const BROWSER_BUNDLE: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  conditions: ['@varigrad/source'],
  logLevel: 'warning',
};
