/**
 * Trainings on several processes under mpirun: the same as on one, equal bits if they are deterministic, killed processes, and what is
 * refused.
 *
 *   npm run test:mpi             20 killed processes
 *   npm run test:mpi -- 4        fewer
 *   npm run test:mpi -- 20 kills trainings    some of: functions, trainings, refusals, kills
 *
 * It needs OpenMPI (apt-get install openmpi-bin) and koffi or Node 26. The last line is `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Generator } from '@varigrad/core';
import { runSteps, type Step } from '../../scripts/steps.js';
import { checkFiles } from '../interruptions/run-files.js';
import { writeIdxFolder } from '../vae/cli-calls.js';
import { launch, missingMpirun, processesOf, refuses, succeeds, varigrad } from './launch.js';

const KILLS = Number(process.argv[2] ?? 20);
const MOST_SECONDS = 10;

const missing = missingMpirun();
if (missing !== null) throw new Error(`test:mpi: ${missing} — apt-get install openmpi-bin`);

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-mpi-'));
const data = writeIdxFolder(join(scratch, 'quarters'), { train: 2400 });
const other = writeIdxFolder(join(scratch, 'others'), { train: 2399 });
/** 300 steps. */
const LONG = `--data ${data} --batch 8 --epochs 1 --threads 1`.split(' ');
const MODELS: Readonly<Record<string, readonly string[]>> = {
  vae: '--hidden 24 --latent 4'.split(' '),
  cvae: '--model cvae --hidden 24 --latent 4 --binarization dynamic'.split(' '),
  'convolutional VAE with batch normalization':
    '--network convolutional --channels 4,6 --normalization batch --latent 4'.split(' '),
};

interface Losses {
  readonly train: { readonly loss: number };
  readonly test: { readonly loss: number };
}

function lossesOf(folder: string): number[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const { train, test } = JSON.parse(line) as Losses;
    return [train.loss, test.loss];
  });
}

/** @throws Error unless two runs have files with equal bytes */
function checkEqual(run: string, expected: string, ...names: readonly string[]): void {
  for (const name of names) {
    const [one, two] = [run, expected].map((folder) => readFileSync(join(folder, name)));
    if (!one!.equals(two!)) throw new Error(`${name} of ${run} differs from that of ${expected}`);
  }
}

function trainings(name: string, options: readonly string[]): Step[] {
  const folder = (kind: string): string => join(scratch, `${name.replaceAll(' ', '-')}-${kind}`);
  const train = (size: number, kind: string, ...more: readonly string[]): Promise<string> =>
    succeeds(varigrad(size, ['train', ...LONG, ...options, ...more, '--out', folder(kind)]));
  return [
    {
      name: `${name}: the losses of 300 steps on two processes are those of one`,
      async run() {
        await train(0, 'alone');
        await train(2, 'two');
        const [alone, two] = [lossesOf(folder('alone')), lossesOf(folder('two'))];
        for (const [i, loss] of two.entries())
          if (!(Math.abs(loss - alone[i]!) <= 1e-5 * alone[i]!))
            throw new Error(`${loss} instead of ${alone[i]}`);
      },
    },
    {
      name: `${name}: deterministic, equal bytes after 300 steps on 1, 2 and 4 processes`,
      async run() {
        for (const size of [0, 2, 4]) await train(size, `deterministic-${size}`, '--deterministic');
        for (const size of [2, 4])
          checkEqual(folder(`deterministic-${size}`), folder('deterministic-0'), 'weights.safetensors');
      },
    },
  ];
}

/** Kills processes at random moments, and resumes the run, on another number of processes each time. */
function kills(): Step[] {
  const options =
    `train --data ${data} --train-limit 240 --hidden 12 --latent 3 --batch 8 --epochs 12 --threads 1 --deterministic`.split(
      ' ',
    );
  const straight = join(scratch, 'straight');
  const random = new Generator(1);
  const upTo = (below: number): number => (random.words(1)[0]! / 2 ** 32) * below;
  let length = 0;
  let run = '';
  let slowest = 0;
  const compare = (): void => {
    checkEqual(run, straight, 'weights.safetensors', 'checkpoint.safetensors');
    run = '';
  };
  const start = (size: number, index: number) => {
    if (run === '') run = join(scratch, `killed-${index}`);
    return varigrad(
      size,
      existsSync(join(run, 'config.json'))
        ? ['train', '--resume', run, '--threads', '1']
        : [...options, '--out', run],
    );
  };
  return [
    {
      name: 'a run without interruptions',
      async run() {
        const job = varigrad(2, [...options, '--out', straight]);
        await job.trains;
        const began = performance.now();
        await succeeds(job);
        length = performance.now() - began;
      },
      essential: true,
    },
    ...Array.from({ length: KILLS }, (_, i): Step => {
      const size = i % 3 === 2 ? 4 : 2;
      return {
        name: `kill ${i + 1}: one of ${size} processes`,
        async run() {
          const job = start(size, i);
          await job.trains;
          await Promise.race([wait(upTo(0.8 * length)), job.ended]);
          const processes = processesOf(job);
          const victim = processes[Math.floor(upTo(processes.length))];
          const killed = performance.now();
          if (victim !== undefined) process.kill(victim, 'SIGKILL');
          const { out, err } = await job.ended;
          const seconds = (performance.now() - killed) / 1000;
          slowest = Math.max(slowest, seconds);
          if (seconds > MOST_SECONDS) throw new Error(`the others ended after ${seconds.toFixed(1)} s`);
          if (
            victim !== undefined &&
            !out.includes('Done.') &&
            !/exited on signal|terminated|killed/i.test(err)
          )
            throw new Error(`nothing says that a process was killed: ${err}`);
          checkFiles(run);
          if (out.includes('Done.')) compare();
        },
      };
    }),
    {
      name: 'the last run, resumed on one process, ends as the one without interruptions',
      async run() {
        if (run !== '') {
          await succeeds(start(0, KILLS));
          compare();
        }
        console.log(`      slowest end after a kill: ${slowest.toFixed(1)} s`);
      },
    },
  ];
}

function refusals(): Step[] {
  const small = [
    'train',
    '--data',
    data,
    '--hidden',
    '4',
    '--latent',
    '2',
    '--epochs',
    '1',
    '--threads',
    '1',
  ];
  const out = (name: string): string[] => ['--out', join(scratch, name)];
  const step = (name: string, run: () => Promise<void>): Step => ({ name: `refused: ${name}`, run });
  return [
    step('shards that the processes do not divide', () =>
      refuses(
        varigrad(3, [...small, '--deterministic', ...out('r1')]),
        /shards must be a multiple of the number of processes, found 4 for 3 processes/,
      ),
    ),
    step('more processes than images in a batch', () =>
      refuses(varigrad(2, [...small, '--batch', '1', ...out('r2')]), /a batch has 1 image for 2 processes/),
    ),
    step('a folder with a run', async () => {
      await succeeds(varigrad(2, [...small, ...out('r3')]));
      await refuses(varigrad(2, [...small, ...out('r3')]), /already holds a run/);
    }),
    step('two jobs with the same --out', async () => {
      const jobs = [1, 2].map(() => varigrad(2, [...small, ...out('r4')]));
      const ends = await Promise.all(jobs.map(({ ended }) => ended));
      if (ends.filter(({ code }) => code === 0).length !== 1)
        throw new Error(ends.map(({ err }) => err).join('\n'));
      const { err } = ends.find(({ code }) => code !== 0)!;
      if (!/already holds a run|is in use|another process/i.test(err)) throw new Error(err);
    }),
    step('other images on one process', () =>
      refuses(
        launch(2, 'tests/mpi/different.ts', [data, other, join(scratch, 'r5')]),
        /process 1 has another set of training images than process 0/,
      ),
    ),
    step('another command', () =>
      refuses(varigrad(2, ['evaluate', scratch]), /evaluate runs on one process — leave out mpirun/),
    ),
    step('the library of another MPI than mpirun', () =>
      refuses(
        launch(0, 'tests/mpi/group.ts', ['4'], { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '4' }),
        /the mpirun of OpenMPI started 4 processes, and .* connects 1: it belongs to another MPI/,
      ),
    ),
  ];
}

const groups: Readonly<Record<string, () => Step[]>> = {
  functions: () =>
    [2, 4].map((size) => ({
      name: `every function of a group of ${size}`,
      async run() {
        const printed = await succeeds(launch(size, 'tests/mpi/group.ts', [String(size)]));
        if (!printed.includes('right: ')) throw new Error(printed);
        console.log(`      ${printed.trim()}`);
      },
    })),
  trainings: () => Object.entries(MODELS).flatMap(([name, options]) => trainings(name, options)),
  refusals,
  kills,
};
const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(groups);
const unknown = wanted.filter((name) => groups[name] === undefined);
if (unknown.length > 0)
  throw new Error(`test:mpi: no such group: ${unknown.join(', ')} — use ${Object.keys(groups).join(', ')}`);
await runSteps(wanted.flatMap((name) => groups[name]!()));
rmSync(scratch, { recursive: true });
