/** Small images on disk and a way to call commands, for the tests of the command line. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeIdx } from '@varigrad/vae';
import { runCommandLine } from '@varigrad/vae/cli';
import { PNG } from 'pngjs';
import * as assert from 'uvu/assert';

/** A folder of IDX files that are named as MNIST's: 8 × 8 pixels, 4 classes, each a bright quarter with some noise. */
export function writeIdxFolder(
  folder: string,
  { train = 96, test = 24 }: { train?: number; test?: number } = {},
): string {
  mkdirSync(folder, { recursive: true });
  for (const [set, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
    const images = Uint8Array.from({ length: count * 64 }, (_, at) => {
      const [i, y, x] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
      const isBright = (y < 4 ? 0 : 2) + (x < 4 ? 0 : 1) === labels[i];
      return (isBright ? 190 : 10) + ((at * 7919 + i * 104729) % 56);
    });
    writeFileSync(
      join(folder, `${set}-images-idx3-ubyte`),
      encodeIdx({ shape: [count, 8, 8], data: images }),
    );
    writeFileSync(join(folder, `${set}-labels-idx1-ubyte`), encodeIdx({ shape: [count], data: labels }));
  }
  return folder;
}

/** A PNG file whose pixel (x, y) is red, green, blue and opacity as `color` says. */
export function writePngFile(
  path: string,
  [width, height]: readonly [number, number],
  color: (x: number, y: number) => readonly [number, number, number, number],
): void {
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) png.data.set(color(i % width, Math.floor(i / width)), 4 * i);
  writeFileSync(path, PNG.sync.write(png));
}

/** What a command printed, and how it ended. */
export interface Called {
  code: number;
  out: string;
  err: string;
}

/** Runs a command line in this process. */
export async function call(...args: readonly string[]): Promise<Called> {
  const printed = { out: '', err: '' };
  const into = (name: 'out' | 'err'): NodeJS.WriteStream =>
    ({
      write(text: string) {
        printed[name] += text;
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await runCommandLine(args, { out: into('out'), err: into('err') });
  return { code, ...printed };
}

/** Runs a command line that must succeed. @returns what it printed */
export async function does(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await call(...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  assert.is(err, '');
  return out;
}

/** Runs a command line that must be refused with exactly this message, and print nothing else. */
export async function isRefused(args: readonly string[], message: string): Promise<void> {
  assert.equal(await call(...args), { code: 2, out: '', err: `${message}\n` });
}
