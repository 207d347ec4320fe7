/** `npm start`: trains a VAE on MNIST. See options.ts for what can be asked for, or run `npm start -- --help`. */
import { Generator, init } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  Bernoulli,
  ConditionalVAE,
  type Dataset,
  type EpochResult,
  firstOf,
  fit,
  Gaussian,
  type LatentModel,
  STATIC_SEED,
  type TrainState,
  VAE,
} from '@varigrad/vae';
import { mnist, removeLeftovers } from '@varigrad/vae/node';
import { helpText, parseCommand, type RunConfig, UsageError } from './options.js';
import { writeCurves, writePictures } from './pictures.js';
import { createReporter } from './progress.js';
import { freshFolder, RunFolder } from './run-folder.js';

/** A run that is ready to go: from the command line, or from the folder of an earlier one. */
interface Run {
  folder: RunFolder;
  config: RunConfig;
  resumed: boolean;
}

async function main(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  if (command.kind === 'help') return console.log(helpText());
  const { name, description } = await init({ backend: command.backend });
  const defaultEpochs = name === 'reference' ? 2 : 20;
  let run: Run;
  if (command.kind === 'resume') {
    const folder = new RunFolder(command.folder);
    const saved = await folder.readConfig();
    run = { folder, config: { ...saved, epochs: command.epochs ?? saved.epochs }, resumed: true };
  } else {
    const config = { ...command.config, epochs: command.config.epochs ?? defaultEpochs };
    const folder = new RunFolder(
      command.out ?? freshFolder(`mnist-${config.model}-z${config.latent}-${config.binarization}`),
    );
    if (folder.holdsRun())
      throw new UsageError(`--out ${folder.path} holds a run already — take another folder, or --resume it`);
    run = { folder, config, resumed: false };
  }
  await train(run, description);
}

function buildModel({ model, latent, hidden, likelihood, seed }: RunConfig): LatentModel {
  const options = {
    latent,
    hidden,
    likelihood: likelihood === 'gaussian' ? new Gaussian({ learned: true }) : new Bernoulli(),
    generator: new Generator(seed),
  };
  return model === 'cvae' ? new ConditionalVAE(options) : new VAE(options);
}

async function train({ folder, config, resumed }: Run, machine: string): Promise<void> {
  const { train: all, test } = await mnist();
  const data = { train: config.trainLimit === 0 ? all : firstOf(all, config.trainLimit), test };
  const model = buildModel(config);
  const optimizer = new Adam(model.parameters(), { learningRate: config.learningRate });
  const state = resumed ? await folder.readCheckpoint(model, optimizer) : undefined;
  const results: EpochResult[] = state === undefined ? [] : await folder.readMetrics(state.epoch);
  await removeLeftovers(folder.path);
  await folder.writeConfig(config, {
    units: 'nats per image',
    backend: machine,
    ...(config.binarization === 'static' && { staticSeed: STATIC_SEED }),
  });
  const stop = stopOnSignal();
  introduce({ folder, config, resumed }, machine, data.train, state);

  const reporter = createReporter(process.stdout);
  const reached = await fit(model, data, {
    ...config,
    optimizer,
    batchSize: config.batch,
    signal: stop,
    onProgress: (progress) => reporter.step(progress),
    ...(state !== undefined && { state }),
    async onEpoch(result, next) {
      results.push(result);
      reporter.epoch(result, config.epochs);
      await writePictures(folder, model, test, result.epoch);
      await writeCurves(folder, results, config.binarization);
      await folder.writeMetrics(results);
      await folder.writeWeights(model);
      await folder.writeCheckpoint(model, optimizer, next);
    },
  });
  reporter.clear();
  if (stop.aborted && reached.epoch <= config.epochs) {
    await folder.writeCheckpoint(model, optimizer, reached);
    console.log(`\nStopped in epoch ${reached.epoch} after step ${reached.step}; all is saved. To go on:`);
    console.log(`  npm start -- --resume ${folder.path}`);
  } else {
    console.log(`\nDone. Pictures, curves and weights are in ${folder.path}/`);
  }
}

function introduce(
  { folder, config, resumed }: Run,
  machine: string,
  train: Dataset,
  state?: TrainState,
): void {
  const widths = [784, ...config.hidden, config.latent].join('-');
  const place = state === undefined ? '' : ` from epoch ${state.epoch}, step ${state.step}`;
  const targets = {
    none: 'grey values (the reconstruction loss is a cross-entropy)',
    threshold: 'pixels above 0.5',
    static: 'one Bernoulli draw, fixed for ever',
    dynamic: 'a new Bernoulli draw at each use',
  }[config.binarization];
  console.log(
    `${resumed ? `Resuming${place}` : 'Training'}: ${config.model.toUpperCase()} ${widths}, ${config.likelihood} decoder, on ${machine}`,
  );
  console.log(
    `${train.count} digits, ${config.epochs} epochs, batch ${config.batch}, Adam ${config.learningRate}, seed ${config.seed}`,
  );
  console.log(
    `Targets: ${config.binarization}, ${targets}. Losses in nats per image: sum over pixels, mean over images.`,
  );
  console.log(`Results: ${folder.path}/\n`);
}

/** Turns the first Ctrl-C into a request to stop; a second one kills at once. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
