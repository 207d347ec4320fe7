/**
 * `npm run bench:step`: one full training step (forward, backward, Adam) through the public API, plain and compiled, for several
 * networks and batch sizes, on one thread and on all, with the shares of matmul, elementwise kernels, optimizer and engine, and the
 * memory that a compiled step allocates in JavaScript.
 *
 *   npm run bench:step                  all networks
 *   npm run bench:step -- '400-20 128' conv   those whose name and batch size contain one of the words
 */
import { Session } from 'node:inspector/promises';
import { availableParallelism } from 'node:os';
import { type Backend, createReference, createWasm, type Replay } from '@varigrad/core';
import { instrument, type KernelTimes } from './instrument.js';
import { formatTiming, interleave, machine, summarize, type Timing, table, type Variant } from './measure.js';
import { CASES, type Case, trainingStep } from './training-step.js';

/** The parts of the time of a plain step, as medians over `rounds` steps. */
function breakdown(on: Backend, which: Case, rounds: number): { total: number; times: KernelTimes } {
  const { backend, take } = instrument(on);
  const step = trainingStep(backend, which, 'eager');
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

/** The median time of a compiled step, and of its part outside of the program's kernels. */
function compiledEngine(on: Backend, which: Case, rounds: number): { total: number; engine: number } {
  let inside = 0;
  const timed = (replay: Replay): Replay => ({
    bytes: replay.bytes,
    steps: replay.steps,
    run(inputs, settings): void {
      const start = performance.now();
      replay.run(inputs, settings);
      inside = performance.now() - start;
    },
    take: (slot) => replay.take(slot),
    lend: (slot) => replay.lend(slot),
    dispose: () => replay.dispose(),
  });
  const prepare: Backend['prepare'] = (program, bound) => timed(on.prepare(program, bound));
  const backend: Backend = Object.create(on, { prepare: { value: prepare } });
  const step = trainingStep(backend, which, 'compiled');
  for (let i = 0; i < 5; i++) step();
  const totals: number[] = [];
  const engines: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    step();
    const total = performance.now() - start;
    totals.push(total);
    engines.push(total - inside);
  }
  return { total: summarize(totals).median, engine: summarize(engines).median };
}

/** Bytes that one compiled step allocates in JavaScript, the collected ones included, over 1,000 steps. */
async function allocatedPerStep(on: Backend, which: Case): Promise<number> {
  const step = trainingStep(on, which, 'compiled');
  for (let i = 0; i < 200; i++) step();
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 256,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as object);
  const steps = 1000;
  for (let i = 0; i < steps; i++) step();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  let bytes = 0;
  const waiting = [profile.head];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    bytes += node.selfSize;
    waiting.push(...node.children);
  }
  return bytes / steps;
}

const ratio = (slow: Timing, fast: Timing): string => `${(slow.median / fast.median).toFixed(2)}×`;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const cases = CASES.filter(
    ({ name, batch }) => words.length === 0 || words.some((word) => `${name} ${batch}`.includes(word)),
  );
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

  const several = `${all} threads`;
  const rows = [['network', 'batch', '1 thread', 'compiled', '', several, 'compiled', '', 'reference']];
  for (const which of cases) {
    const variants: Variant[] = [
      { name: 'one', run: trainingStep(oneThread, which, 'eager') },
      { name: 'one compiled', run: trainingStep(oneThread, which, 'compiled') },
      { name: 'all', run: trainingStep(allThreads, which, 'eager') },
      { name: 'all compiled', run: trainingStep(allThreads, which, 'compiled') },
    ];
    if (which.batch === 128 && which.heavy !== true)
      variants.push({ name: 'reference', run: trainingStep(reference, which, 'eager') });
    const timings = await interleave(variants, 5);
    const cell = (name: string) => {
      const timing = timings.get(name);
      return timing === undefined ? '' : formatTiming(timing);
    };
    const gain = (name: string) => ratio(timings.get(name)!, timings.get(`${name} compiled`)!);
    const one = [cell('one'), cell('one compiled'), gain('one')];
    rows.push([
      which.name,
      String(which.batch),
      ...one,
      cell('all'),
      cell('all compiled'),
      gain('all'),
      cell('reference'),
    ]);
  }
  console.log(table(rows));

  const split = [['network', 'batch', 'threads', 'step', 'matmul', 'elementwise', 'optimizer', 'engine']];
  const compiled = [['network', 'batch', 'threads', 'step', 'engine', 'allocated per step']];
  for (const which of cases) {
    for (const [threads, on] of [
      [1, oneThread],
      [all, allThreads],
    ] as const) {
      const start = [which.name, String(which.batch), String(threads)];
      const { total, times } = breakdown(on, which, 100);
      const share = (ms: number, whole = total) =>
        `${ms.toFixed(3)} ms (${((100 * ms) / whole).toFixed(1)}%)`;
      const engine = total - times.matmul - times.elementwise - times.optimizer;
      const parts = [times.matmul, times.elementwise, times.optimizer, engine].map((ms) => share(ms));
      split.push([...start, `${total.toFixed(2)} ms`, ...parts]);
      const own = compiledEngine(on, which, 100);
      const bytes = which.heavy === true ? '' : `${Math.round(await allocatedPerStep(on, which))} B`;
      compiled.push([...start, `${own.total.toFixed(3)} ms`, share(own.engine, own.total), bytes]);
    }
  }
  console.log(`\nWhere the time of a plain step goes (timers around every kernel)\n${table(split)}`);
  console.log(`\nCompiled steps: the engine is what is not spent in the program\n${table(compiled)}`);
  const { rss, heapUsed } = process.memoryUsage();
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `\nMemory: resident ${(rss / 2 ** 20).toFixed(0)} MiB, peak ${peak.toFixed(0)} MiB, heap ${(heapUsed / 2 ** 20).toFixed(0)} MiB`,
  );
}

await main();
