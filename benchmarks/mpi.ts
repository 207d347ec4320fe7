/**
 * `npm run bench:mpi`: a training step on one process and on several of this machine, each with one thread, under mpirun. Every
 * configuration runs several times, in turns, and the quickest epoch counts. On a busy machine, the processor time outside of exchanges and
 * the quickest exchange say more than the clock: their sum is the step on idle cores. `--picture path` also draws a model of more processes.
 *
 *   npm run bench:mpi -- --rounds 3 --ranks 2,4 --picture docs/images/scaling.svg
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { lineChart } from '@varigrad/vae';
import { machine, table } from './measure.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    ranks: { type: 'string', default: '2,4' },
    /** Milliseconds before each exchange: none, those of a fast network, and those of a slow one. */
    delays: { type: 'string', default: '0,0.1,1' },
    picture: { type: 'string' },
  },
});
const ROUNDS = Number(values.rounds);
const RANKS = values.ranks.split(',').map(Number);
const DELAYS = values.delays.split(',').map(Number);

interface Row {
  readonly ranks: number;
  readonly batch: number;
  readonly delay: number;
  readonly deterministic: boolean;
  /** Milliseconds per step, on the clock. */
  step: number;
  /** Milliseconds of processor time per step outside of exchanges. */
  computing: number;
  /** Milliseconds of the quickest exchange of a step. */
  exchange: number;
}

const row = (ranks: number, batch: number, delay = 0, deterministic = false): Row => ({
  ranks,
  batch,
  delay,
  deterministic,
  step: Number.POSITIVE_INFINITY,
  computing: Number.POSITIVE_INFINITY,
  exchange: Number.POSITIVE_INFINITY,
});

/** A step on idle cores. */
const idle = ({ computing, exchange }: Row): number => computing + exchange;

const rows: readonly Row[] = [128, 512].flatMap((batch) => [
  row(1, batch),
  row(1, batch, 0, true),
  ...RANKS.flatMap((ranks) => DELAYS.map((delay) => row(ranks, batch, delay))),
  ...RANKS.map((ranks) => row(ranks, batch, 0, true)),
]);

const ENVIRONMENT = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
};

async function measure(row: Row): Promise<void> {
  const { ranks, batch, delay, deterministic } = row;
  const program = new URL('mpi-rank.ts', import.meta.url).pathname;
  const args = [
    '--batch',
    String(batch),
    '--delay',
    String(delay),
    ...(deterministic ? ['--deterministic'] : []),
  ];
  const node = ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx'), program, ...args];
  const command =
    ranks === 1 ? [process.execPath, ...node] : ['mpirun', '-n', String(ranks), process.execPath, ...node];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { env: ENVIRONMENT });
  const found = JSON.parse(stdout) as Pick<Row, 'step' | 'computing' | 'exchange'>;
  console.error(`${batch} images, ${ranks} processes: ${stdout.trim()}`);
  for (const key of ['step', 'computing', 'exchange'] as const) row[key] = Math.min(row[key], found[key]);
}

for (let round = 0; round < ROUNDS; round++) for (const row of rows) await measure(row);

const alone = (batch: number): Row =>
  rows.find((row) => row.ranks === 1 && row.batch === batch && !row.deterministic)!;
console.log(`${machine()}; VAE 784-400-20, Adam, one thread per process\n`);
console.log(
  table([
    [
      'batch',
      'processes',
      'delay ms',
      'sums',
      'ms per step',
      'computing',
      'exchange',
      'clock: faster by',
      'idle: faster by',
    ],
    ...rows.map((row) => [
      String(row.batch),
      String(row.ranks),
      String(row.delay),
      row.deterministic ? 'deterministic' : '',
      row.step.toFixed(2),
      row.computing.toFixed(2),
      row.exchange.toFixed(2),
      (alone(row.batch).step / row.step).toFixed(2),
      (idle(alone(row.batch)) / idle(row)).toFixed(2),
    ]),
  ]),
);

/** Bytes of the gradients, and messages of a step: two large matrices, and all others together. */
const BYTES = 4 * 652_824;
const MESSAGES = 3;

/** A network: microseconds until a message arrives, and gigabytes per second. */
interface Network {
  readonly name: string;
  readonly latency: number;
  readonly rate: number;
}

const NETWORKS: readonly Network[] = [
  { name: '10 Gbit/s, 50 µs', latency: 50, rate: 1.25 },
  { name: '100 Gbit/s, 5 µs', latency: 5, rate: 12.5 },
];

/** The model: a fixed part, a part per image, and an all-reduce that sends 2 (R − 1) / R of the bytes in 2 log₂ R turns. */
function modelOf(): (ranks: number, batch: number, network: Network) => number {
  const perImage = (idle(alone(512)) - idle(alone(128))) / (512 - 128);
  const fixed = idle(alone(128)) - 128 * perImage;
  return (ranks, batch, { latency, rate }) => {
    const turns = (MESSAGES * 2 * Math.log2(ranks) * latency) / 1000;
    const transfer = (2 * (ranks - 1) * BYTES) / ranks / rate / 1e6;
    return fixed + (perImage * batch) / ranks + (ranks === 1 ? 0 : turns + transfer);
  };
}

const step = modelOf();
const ranks = [1, 2, 4, 8, 16, 32, 64];
const series = NETWORKS.flatMap((network) =>
  [1024, 8192].map((batch) => ({
    name: `batch ${batch}, ${network.name}`,
    points: ranks.map((r) => [r, step(1, batch, network) / step(r, batch, network)] as const),
  })),
);
console.log('\nModel: times faster than one process\n');
console.log(
  table([
    ['', ...ranks.map(String)],
    ...series.map(({ name, points }) => [name, ...points.map(([, faster]) => faster.toFixed(1))]),
  ]),
);
if (values.picture !== undefined) {
  writeFileSync(
    values.picture,
    lineChart({
      title: 'Training step of the 784-400-20 VAE on several machines (model)',
      xLabel: 'processes, one thread each',
      yLabel: 'times faster than one process',
      series: [{ name: 'processes', points: ranks.map((r) => [r, r] as const) }, ...series],
    }),
  );
}
