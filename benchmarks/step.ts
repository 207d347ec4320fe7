/**
 * `npm run bench:step`: one full training step (forward, backward, Adam) through the public API, for several networks and
 * batch sizes, on one thread and on all, with the shares of matmul, elementwise kernels, optimizer and engine.
 */
import { availableParallelism } from 'node:os';
import {
  type Backend,
  createReference,
  createWasm,
  Generator,
  oneHot,
  rand,
  scope,
  setBackend,
  type Tensor,
} from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  GaussianEncoder,
  type LatentModel,
  VAE,
} from '@varigrad/vae';
import { instrument, type KernelTimes } from './instrument.js';
import { formatTiming, interleave, machine, summarize, table, type Variant } from './measure.js';

interface Case {
  name: string;
  batch: number;
  pixels: number;
  build: () => LatentModel;
  /** Takes seconds on reference, where it is skipped. */
  heavy?: boolean;
}

const vae =
  (hidden: number[], latent: number, inputSize = 784) =>
  () =>
    new VAE({ hidden, latent, inputSize, generator: new Generator(1) });

function convolutionalVae(): LatentModel {
  const generator = new Generator(1);
  const shape = [28, 28] as const;
  return new VAE({
    encoder: new GaussianEncoder(new ConvolutionalBody(shape, { generator }), 20, { generator }),
    decoder: new ConvolutionalDecoder(20, shape, 1, { generator }),
    generator,
  });
}

const CASES: readonly Case[] = [
  ...[32, 64, 128, 256, 512, 1024].map((batch) => ({
    name: 'VAE 784-400-20',
    batch,
    pixels: 784,
    build: vae([400], 20),
  })),
  {
    name: 'CVAE 784-400-20',
    batch: 128,
    pixels: 784,
    build: () => new ConditionalVAE({ generator: new Generator(1) }),
  },
  { name: 'VAE 784-2000-20', batch: 128, pixels: 784, build: vae([2000], 20) },
  { name: 'VAE 16-8-2 (tiny)', batch: 128, pixels: 16, build: vae([8], 2, 16) },
  { name: 'convolutional VAE, 32-64-20', batch: 128, pixels: 784, build: convolutionalVae, heavy: true },
];

/** A training step of one case on one backend, as a function for repeated calls. */
function trainingStep(on: Backend, { batch, pixels, build }: Case, scoped: boolean): () => void {
  setBackend(on);
  const model = build();
  const optimizer = new Adam(model.parameters());
  const generator = new Generator(2);
  const x = rand([batch, pixels], { generator });
  const labels = model.classes === 0 ? {} : { labels: oneHot(new Uint8Array(batch), model.classes) };
  const step = (): Tensor => {
    const { loss } = model.elbo(x, { generator, ...labels });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  return () => {
    setBackend(on);
    const loss = scoped ? scope(step) : step();
    if (!Number.isFinite(loss.itemSync())) throw new Error('the loss is not finite');
  };
}

/** The parts of the time of a step, as medians over `rounds` steps. */
function breakdown(on: Backend, which: Case, rounds: number): { total: number; times: KernelTimes } {
  const { backend, take } = instrument(on);
  const step = trainingStep(backend, which, true);
  for (let i = 0; i < 5; i++) step();
  const totals: number[] = [];
  const parts: KernelTimes[] = [];
  for (let i = 0; i < rounds; i++) {
    take();
    const start = performance.now();
    step();
    totals.push(performance.now() - start);
    parts.push(take());
  }
  const median = (family: keyof KernelTimes) => summarize(parts.map((p) => p[family])).median;
  return {
    total: summarize(totals).median,
    times: { matmul: median('matmul'), elementwise: median('elementwise'), optimizer: median('optimizer') },
  };
}

async function main(): Promise<void> {
  const all = availableParallelism();
  const oneThread = createWasm({ threads: 1 });
  const allThreads = createWasm({ threads: all });
  const reference = createReference();
  console.log(
    `${machine()}\n${oneThread.description} · ${allThreads.description} · ${reference.description}`,
  );
  console.log(
    'One training step through the public API: forward, backward, Adam, loss read. Median (quartiles).\n',
  );

  const rows = [['network', 'batch', `1 thread`, `${all} threads`, `${all} threads, no scope`, 'reference']];
  for (const which of CASES) {
    const variants: Variant[] = [
      { name: 'one', run: trainingStep(oneThread, which, true) },
      { name: 'all', run: trainingStep(allThreads, which, true) },
      { name: 'unscoped', run: trainingStep(allThreads, which, false) },
    ];
    if (which.batch === 128 && which.heavy !== true)
      variants.push({ name: 'reference', run: trainingStep(reference, which, true) });
    const timings = await interleave(variants, 4);
    const cell = (name: string) => {
      const timing = timings.get(name);
      return timing === undefined ? '' : formatTiming(timing);
    };
    rows.push([
      which.name,
      String(which.batch),
      cell('one'),
      cell('all'),
      cell('unscoped'),
      cell('reference'),
    ]);
  }
  console.log(table(rows));

  const split = [['network', 'batch', 'threads', 'step', 'matmul', 'elementwise', 'optimizer', 'engine']];
  for (const which of CASES) {
    for (const [threads, on] of [
      [1, oneThread],
      [all, allThreads],
    ] as const) {
      const { total, times } = breakdown(on, which, 100);
      const engine = total - times.matmul - times.elementwise - times.optimizer;
      const share = (ms: number) => `${ms.toFixed(2)} ms (${Math.round((100 * ms) / total)}%)`;
      const parts = [times.matmul, times.elementwise, times.optimizer, engine].map(share);
      split.push([which.name, String(which.batch), String(threads), `${total.toFixed(2)} ms`, ...parts]);
    }
  }
  console.log(`\nWhere the time goes (timers around every kernel)\n${table(split)}`);
  const { rss, heapUsed } = process.memoryUsage();
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `\nMemory: resident ${(rss / 2 ** 20).toFixed(0)} MiB, peak ${peak.toFixed(0)} MiB, heap ${(heapUsed / 2 ** 20).toFixed(0)} MiB`,
  );
}

await main();
