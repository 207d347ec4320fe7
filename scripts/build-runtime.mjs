/** Bundles the kernels that exported functions bring with them (packages/core/src/export/script/runtime.ts) as a text. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../packages/core/src/export/script', import.meta.url));
const { outputFiles } = await build({
  entryPoints: [join(folder, 'runtime.ts')],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  globalName: 'varigrad',
  target: 'es2022',
  logLevel: 'warning',
});
const text = `// Made by scripts/build-runtime.mjs from runtime.ts.
/** A script that declares \`varigrad.kernels\`. */
export const RUNTIME: string = ${JSON.stringify(outputFiles[0].text.trim())};
`;
const path = join(folder, 'runtime.generated.ts');
await writeFile(`${path}.tmp`, text);
await rename(`${path}.tmp`, path);
