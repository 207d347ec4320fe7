/**
 * `npm run quadrants`: one, two or three quadrants of a digit are given, and a conditional VAE completes the rest. It is compared with a
 * network without z. See Sohn, Lee & Yan 2015, "Learning Structured Output Representation using Deep Conditional Generative Models",
 * and the tutorial whose numbers are printed beside: pyro.ai/examples/cvae.html.
 */
import { join as path } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator, init } from '@varigrad/core';
import { type ConditionalVAE, type Dataset, firstOf, gridSheet, iwaeBound, type Sheet } from '@varigrad/vae';
import { mnist, writeFileAtomic, writeSheet } from '@varigrad/vae/node';
import { fail, oneOf, wholeNumber, wholeNumbers } from '../arguments.js';
import { Baseline, conditionalModel, type Sizes } from './models.js';
import { type Cut, join, type Pairs, pairsOf, quadrants } from './split.js';
import { average, fromFirst, train } from './training.js';

const HELP = `npm run quadrants -- [options]

Gives one, two or three quadrants of the MNIST digits to a conditional VAE and to a network without z,
and prints −log p(rest | given) of both on the 10,000 test digits, in nats per image.

  --given LIST        numbers of given quadrants (default 1,2,3)
  --targets WORD      none: grey values, as in the published numbers; threshold; static (default none)
  --latent N          dimensions of z (default 50)
  --hidden LIST       widths of the hidden layers of each network (default 500,500)
  --epochs N          at most N epochs (default 20)
  --patience N        epochs without a better validation loss before the training ends (default 3)
  --samples N         importance samples per image (default 100)
  --train-limit N     use only the first N training images (default 0, all images)
  --test-limit N      use only the first N test images (default 0, all images)
  --seed N            seed of weights, order and noise (default 1)
  --threads N         threads of the wasm backend (default: all cores)
  --out FOLDER        folder for result.json and the pictures (default runs/quadrants)
  --help              print this text`;

const OPTIONS = {
  given: { type: 'string', default: '1,2,3' },
  targets: { type: 'string', default: 'none' },
  latent: { type: 'string', default: '50' },
  hidden: { type: 'string', default: '500,500' },
  epochs: { type: 'string', default: '20' },
  patience: { type: 'string', default: '3' },
  samples: { type: 'string', default: '100' },
  'train-limit': { type: 'string', default: '0' },
  'test-limit': { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  threads: { type: 'string' },
  out: { type: 'string', default: path('runs', 'quadrants') },
  help: { type: 'boolean', default: false },
} as const;

/** Published −log p(y|x) on grey targets by number of given quadrants: the tutorial's network, and the −ELBO of its CVAE. */
const PUBLISHED: Readonly<Record<number, { baseline: number; cvae: number }>> = {
  1: { baseline: 100.4, cvae: 71.8 },
  2: { baseline: 61.9, cvae: 51.0 },
  3: { baseline: 25.4, cvae: 24.2 },
};

/** Images held out of the training, for early stopping. */
const VALIDATION = 5000;

interface Settings extends Sizes {
  targets: 'none' | 'threshold' | 'static';
  epochs: number;
  patience: number;
  samples: number;
  seed: number;
}

/** −log p(rest | given) on the test images, nats per image. */
interface Result {
  given: number;
  baseline: number;
  negativeElbo: number;
  importanceSampled: number;
  published?: { baseline: number; cvae: number } | undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const counts = wholeNumbers('given', values.given, 1);
  for (const count of counts) oneOf('given', String(count), ['1', '2', '3']);
  const settings: Settings = {
    targets: oneOf('targets', values.targets, ['none', 'threshold', 'static']),
    latent: wholeNumber('latent', values.latent, 1),
    hidden: wholeNumbers('hidden', values.hidden, 1),
    epochs: wholeNumber('epochs', values.epochs, 1),
    patience: wholeNumber('patience', values.patience, 1),
    samples: wholeNumber('samples', values.samples, 1),
    seed: wholeNumber('seed', values.seed, 0),
  };
  const limits = [
    wholeNumber('train-limit', values['train-limit'], 0),
    wholeNumber('test-limit', values['test-limit'], 0),
  ];
  const { description } = await init({
    threads: values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1),
  });
  console.log(`Targets ${settings.targets}, seed ${settings.seed}, on ${description}. Nats per image.\n`);
  const all = await mnist();
  const [trained, test] = [all.train, all.test].map((set, i) =>
    limits[i] === 0 ? set : firstOf(set, limits[i]!),
  ) as [Dataset, Dataset];
  const results: Result[] = [];
  for (const given of counts) {
    console.log(`${given} of 4 quadrants given`);
    results.push(await complete(given, trained, test, settings, values.out));
  }
  await writeFileAtomic(
    path(values.out, 'result.json'),
    `${JSON.stringify({ settings, results }, null, 2)}\n`,
  );
  console.log(`\n${report(results)}\n\nresult.json and the pictures are in ${values.out}/`);
}

function report(results: readonly Result[]): string {
  const row = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart(19))).join('');
  return [
    row(['given', 'network without z', 'CVAE, −ELBO', 'CVAE, sampled']),
    ...results.map(({ given, baseline, negativeElbo, importanceSampled, published }) =>
      row([
        String(given),
        `${baseline.toFixed(1)}${published ? ` (${published.baseline.toFixed(1)})` : ''}`,
        `${negativeElbo.toFixed(1)}${published ? ` (${published.cvae.toFixed(1)})` : ''}`,
        importanceSampled.toFixed(1),
      ]),
    ),
    'In brackets: published, on grey targets.',
  ].join('\n');
}

/** Trains both models for a number of given quadrants, measures them, and draws completions. */
async function complete(
  given: number,
  trained: Dataset,
  test: Dataset,
  settings: Settings,
  folder: string,
): Promise<Result> {
  const { targets, epochs, patience, samples, seed, latent, hidden } = settings;
  const cut = quadrants(given, trained.imageShape as readonly [number, number]);
  const [pairs, validation] = split(pairsOf(trained, cut, targets), cut);
  const tested = pairsOf(test, cut, targets);
  const generator = new Generator(seed);
  const length = { epochs, patience, generator };

  const baseline = new Baseline(cut, hidden, generator);
  await train(baseline, pairs, validation, {
    ...length,
    name: 'network',
    noise: 1,
    loss: (x, y) => baseline.logProb(x, y).mean().neg(),
  });
  const model = conditionalModel(cut, { hidden, latent }, generator);
  await train(model, pairs, validation, {
    ...length,
    name: 'CVAE',
    noise: latent,
    loss: (x, y, eps) => model.elbo(y, { labels: x, eps }).loss,
  });

  const bound = (k: number) => (): Promise<number> =>
    average(tested, Math.max(1, Math.floor(2000 / k)), (x, y) =>
      iwaeBound(model, y, { labels: x, samples: k, generator }).neg(),
    );
  await writeSheet(
    path(folder, `given-${given}`),
    await completions(cut, tested, baseline, model, generator),
  );
  return {
    given,
    baseline: await average(tested, 500, (x, y) => baseline.logProb(x, y).neg()),
    negativeElbo: await bound(1)(),
    importanceSampled: await bound(samples)(),
    published: targets === 'none' ? PUBLISHED[given] : undefined,
  };
}

/** All pairs but the last ones, and the last ones: 5,000, or a tenth if there are fewer than 50,000. */
function split({ x, y, count }: Pairs, { given, rest }: Cut): [Pairs, Pairs] {
  const first = count - Math.min(VALIDATION, Math.floor(count / 10));
  const [inX, inY] = [first * given.length, first * rest.length];
  return [
    { x: x.subarray(0, inX), y: y.subarray(0, inY), count: first },
    { x: x.subarray(inX), y: y.subarray(inY), count: count - first },
  ];
}

const SHOWN = 10;
const DRAWS = 3;
/** The grey of pixels that are not given. */
const BLANK = 0.4;

/** Rows of the first test images: what is given, the original, the network's mean, and completions by z ~ p(z|x). */
async function completions(
  cut: Cut,
  tested: Pairs,
  baseline: Baseline,
  model: ConditionalVAE,
  generator: Generator,
): Promise<Sheet> {
  const x = tested.x.subarray(0, SHOWN * cut.given.length);
  const y = tested.y.subarray(0, SHOWN * cut.rest.length);
  const rows: [label: string, rest: ArrayLike<number>][] = [
    ['given', y.map(() => BLANK)],
    ['original', y],
    ['network', await fromFirst(tested, SHOWN, (given) => baseline.mean(given))],
  ];
  for (let draw = 1; draw <= DRAWS; draw++)
    rows.push([
      `CVAE ${draw}`,
      await fromFirst(tested, SHOWN, (given) => {
        const z = model.samplePrior(SHOWN, { labels: given, generator });
        return model.likelihood.mean(model.decode(z, given));
      }),
    ]);
  const images = rows.flatMap(([, rest]) => Array.from(join(cut, x, Float32Array.from(rest))));
  const side = Math.sqrt(cut.given.length + cut.rest.length);
  return gridSheet(Float32Array.from(images), {
    columns: SHOWN,
    imageShape: [side, side],
    title: `${cut.given.length / ((side * side) / 4)} of 4 quadrants given: test digits and completions`,
    rowLabels: rows.map(([label]) => label),
  });
}

main().catch(fail);
