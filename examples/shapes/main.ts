/**
 * `npm run shapes`: 20,000 colour pictures with known factors, on which a VAE is trained from the command line, and the mutual
 * information gap of a trained VAE.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator, init, tensor } from '@varigrad/core';
import { batches, mutualInformationGap, Raster } from '@varigrad/vae';
import { encodePng, loadRun, writeFileAtomic } from '@varigrad/vae/node';
import { drawShape, FACTORS, type Factors, SIDE } from './shapes.js';

const HELP = `npm run shapes -- [options] [runs]

Without runs: draws pictures of one shape each, with random shape, colour, size and place, and a table of
these factors. With the folders of runs that were trained on the pictures: measures the mutual information
gap (MIG) of the means of q(z|x) of all pictures.

  --data FOLDER   folder of the pictures; the factors are in FOLDER.csv (default data/shapes)
  --count N       number of pictures (default 20000)
  --seed N        seed of the factors (default 1)
  --help          print this text`;

const OPTIONS = {
  data: { type: 'string', default: join('data', 'shapes') },
  count: { type: 'string', default: '20000' },
  seed: { type: 'string', default: '1' },
  help: { type: 'boolean', default: false },
} as const;

const NAMES = Object.keys(FACTORS) as (keyof Factors)[];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (positionals.length === 0) await draw(values.data, Number(values.count), Number(values.seed));
  else for (const path of positionals) await measure(path, values.data);
}

/** Replaces the folder by new pictures, whose names are their positions in the table of factors. */
async function draw(folder: string, count: number, seed: number): Promise<void> {
  const generator = new Generator(seed);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const lines = [NAMES.join(',')];
  for (let i = 0; i < count; i++) {
    const draws = generator.uniform(NAMES.length);
    const factors = Object.fromEntries(
      NAMES.map((name, k) => [name, Math.floor(FACTORS[name] * draws[k]!)]),
    ) as unknown as Factors;
    lines.push(NAMES.map((name) => factors[name]).join(','));
    const picture = new Raster(SIDE, SIDE);
    picture.pixels.set(drawShape(factors));
    await writeFile(join(folder, `${i}.png`), encodePng(picture));
  }
  await writeFileAtomic(`${folder}.csv`, `${lines.join('\n')}\n`);
  console.log(`${count} pictures in ${folder}, their factors in ${folder}.csv`);
}

/** Prints the gap of each factor, and the dimension of z that knows most about it. */
async function measure(path: string, folder: string): Promise<void> {
  await init();
  const run = await loadRun(path);
  const { train, test } = await run.data();
  const codes: number[] = [];
  for (const set of [train, test])
    for (const { images, size } of batches(set, { batchSize: 500 })) {
      const z = run.model.codes(tensor(images, { shape: [size, run.model.inputSize] }));
      codes.push(...(await z.data()));
    }
  const [, ...rows] = (await readFile(`${folder}.csv`, 'utf8')).trimEnd().split('\n');
  const factors = NAMES.map((_, k) => rows.map((row) => Number(row.split(',')[k])));
  const { mig, gaps, information } = mutualInformationGap(codes, factors);
  console.log(`${path}: MIG ${mig.toFixed(3)} over ${rows.length} pictures`);
  for (const [k, name] of NAMES.entries()) {
    const order = information[k]!.map((nats, d) => ({ nats, d })).sort((a, b) => b.nats - a.nats);
    const best = order.slice(0, 2).map(({ nats, d }) => `z${d + 1} ${nats.toFixed(2)}`);
    console.log(
      `  ${name.padEnd(7)} gap ${gaps[k]!.toFixed(3)}, H ${Math.log(FACTORS[name]).toFixed(2)} nats; most in ${best.join(' and ')}`,
    );
  }
}

await main();
