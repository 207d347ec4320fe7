/**
 * `npm run bench:stream`: trains a VAE on an npy file that does not fit into memory, and prints the resident memory. The file is sparse:
 * it has the length of its images and takes no room on the disk.
 */
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { init } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { encodeNpy } from '@varigrad/nn/numpy';
import { fit, VAE } from '@varigrad/vae';
import { openNpy } from '@varigrad/vae/node';

const HELP = `npm run bench:stream -- [options]

  --gigabytes N   length of the file, images of 3 × 32 × 32 bytes (default 10)
  --seconds N     length of the training (default 180)
  --help          print this text`;

const OPTIONS = {
  gigabytes: { type: 'string', default: '10' },
  seconds: { type: 'string', default: '180' },
  help: { type: 'boolean', default: false },
} as const;

const SHAPE = [3, 32, 32] as const;
const SIZE = 3072;
const EVERY_SECONDS = 10;

/** Writes the header of `[count, 3, 32, 32]` bytes, and lengthens the file to its images. */
function writeSparse(path: string, count: number): void {
  const empty = encodeNpy({ shape: [0, ...SHAPE], data: new Uint8Array() });
  const text = Buffer.from(empty).toString('latin1').replace('(0, ', `(${count}, `);
  const spaces = text.length - empty.length;
  const file = openSync(path, 'w');
  writeSync(file, Buffer.from(text.replace(new RegExp(` {${spaces}}\n$`), '\n'), 'latin1'));
  closeSync(file);
  truncateSync(path, empty.length + count * SIZE);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-stream-'));
  try {
    await measure(join(folder, 'images.npy'), Number(values.gigabytes) * 1e9, Number(values.seconds));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(path: string, bytes: number, seconds: number): Promise<void> {
  const { description } = await init();
  writeSparse(path, Math.floor(bytes / SIZE));
  const file = await openNpy(path);
  console.log(`${file.count} images, ${(bytes / 1e9).toFixed(1)} GB, on ${description}`);
  const test = await file.load({ from: file.count - 1000 });
  const model = new VAE({ inputSize: SIZE, hidden: [200], latent: 20 });
  const start = performance.now();
  const resident: number[] = [];
  let images = 0;
  await fit(
    model,
    { train: file.stream({ to: file.count - 1000 }), test },
    {
      optimizer: new Adam(model.parameters()),
      epochs: 1,
      onStep: ({ step }) => {
        images = 128 * step;
        const now = (performance.now() - start) / 1000;
        if (now >= EVERY_SECONDS * (resident.length + 1)) {
          resident.push(process.memoryUsage.rss() / 1e6);
          console.log(`${now.toFixed(0).padStart(4)} s  ${resident.at(-1)!.toFixed(0)} MB  ${images} images`);
        }
        return now < seconds;
      },
    },
  );
  const most = Math.max(...resident);
  const from = resident.slice(Math.floor(60 / EVERY_SECONDS) - 1);
  const [first, last] = [from[0]!, from.at(-1)!];
  console.log(
    `largest ${most.toFixed(0)} MB; from minute 1 to the end ${(100 * (last / first - 1)).toFixed(1)} %; ${(images / seconds).toFixed(0)} images per second`,
  );
}

await main();
