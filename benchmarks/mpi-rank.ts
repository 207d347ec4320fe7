/**
 * One process of `npm run bench:mpi`: trains the 784-400-20 VAE on its group, and process 0 prints the milliseconds of a step as JSON: on the
 * clock, of processor time outside of exchanges, and of the quickest exchange.
 */
import { parseArgs } from 'node:util';
import { createWasm, Generator, setBackend } from '@varigrad/core';
import { createGroup, type Group, mpi } from '@varigrad/core/mpi';
import { Adam } from '@varigrad/nn';
import { fit, VAE } from '@varigrad/vae';
import { cpuTime } from './measure.js';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '128' },
    steps: { type: 'string', default: '12' },
    epochs: { type: 'string', default: '4' },
    delay: { type: 'string', default: '0' },
    deterministic: { type: 'boolean', default: false },
  },
});
const [batch, steps, epochs, delay] = [values.batch, values.steps, values.epochs, values.delay].map(
  Number,
) as [number, number, number, number];

/** Milliseconds of each exchange of this epoch, and the processor time in all of them. */
let exchanges: number[] = [];
let waited = 0;
/** The group with a delay before each exchange, as if its messages took longer, and a clock. */
function delayed(group: Group): Group {
  const wait = (): void => {
    for (const end = performance.now() + delay; performance.now() < end; );
  };
  const timed =
    <Args extends unknown[]>(exchange: (...args: Args) => void) =>
    (...args: Args): void => {
      const [start, cpu] = [performance.now(), cpuTime()];
      wait();
      exchange(...args);
      exchanges.push(performance.now() - start);
      waited += cpuTime() - cpu;
    };
  const { rank, size, description, threads } = group;
  return createGroup(
    {
      rank,
      size,
      description,
      sum: timed((values) => group.sum([values])),
      broadcast() {},
      gather: timed((bytes, into) =>
        group.gather(bytes).forEach((one, i) => {
          into.set(one, i * bytes.length);
        }),
      ),
      swap: timed((bytes, into) => group.swap(bytes, into)),
      barrier: () => group.barrier(),
      end: () => group.end(),
    },
    threads,
  );
}

const group = await mpi();
setBackend(createWasm({ threads: 1 }));
const count = batch * steps;
const pixels = 784;
const generator = new Generator(1);
const train = {
  images: generator.uniform(count * pixels),
  labels: new Uint8Array(count),
  count,
  imageShape: [28, 28] as const,
  classes: 10,
};
const test = { ...train, images: new Float32Array(0), labels: new Uint8Array(0), count: 0 };
const model = new VAE({ hidden: [400], latent: 20, generator: new Generator(2) });
const rounds: { step: number; computing: number; exchange: number }[] = [];
let began = cpuTime();

/** The quickest exchange of a step: the sum of its messages. */
function quickest(): number {
  const each = exchanges.length / steps;
  const sums = Array.from({ length: steps }, (_, i) =>
    exchanges.slice(i * each, (i + 1) * each).reduce((sum, time) => sum + time, 0),
  );
  return Math.min(...sums);
}

await fit(
  model,
  { train, test },
  {
    optimizer: new Adam(model.parameters()),
    epochs,
    batchSize: batch,
    group: group.size === 1 ? undefined : delayed(group),
    deterministic: values.deterministic,
    onEpoch({ msPerStep }) {
      rounds.push({
        step: msPerStep,
        computing: (cpuTime() - began - waited) / steps,
        exchange: exchanges.length === 0 ? 0 : quickest(),
      });
      began = cpuTime();
      exchanges = [];
      waited = 0;
    },
  },
);
// The first epoch records the steps.
const later = rounds.slice(1);
const least = (of: keyof (typeof later)[number]): number => Math.min(...later.map((round) => round[of]));
if (group.rank === 0)
  console.log(
    JSON.stringify({ step: least('step'), computing: least('computing'), exchange: least('exchange') }),
  );
group.end();
