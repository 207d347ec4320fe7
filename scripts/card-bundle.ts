import { basename } from 'node:path';

/** Bundles a program and the library into one file, which needs only Node, gpu.js and webgpu. */
export async function bundleForCard(program: string, file: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [program],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@varigrad/source'],
    external: ['gpu.js', 'webgpu', 'esbuild'],
    logLevel: 'warning',
  });
  console.log(`${file}: npm install gpu.js@2.24.1 webgpu && node ${basename(file)}`);
}
