/**
 * `npm run bench:step`: one full training step (forward, backward, Adam) through the public API, for several networks and
 * batch sizes, on one thread and on all, with the shares of matmul, elementwise kernels, optimizer and engine.
 */
import { availableParallelism } from 'node:os';
import { type Backend, createReference, createWasm } from '@varigrad/core';
import { instrument, type KernelTimes } from './instrument.js';
import { formatTiming, interleave, machine, summarize, table, type Variant } from './measure.js';
import { CASES, type Case, trainingStep } from './training-step.js';

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
