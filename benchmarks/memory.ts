/** `npm run bench:memory`: 10,000 training steps; resident memory and heap must stay flat. */
import { backend, Generator, rand, scope, type Tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { machine, table } from './measure.js';

const STEPS = 10_000;
const REPORT_EVERY = 1_000;

const scoped = !process.argv.includes('--no-scope');
console.log(
  `${machine()}\n${backend().description}, ${scoped ? 'each step in a scope' : 'without scopes'}\n`,
);

const generator = new Generator(1);
const model = new VAE({ hidden: [64], latent: 8, generator });
const optimizer = new Adam(model.parameters());
const x = rand([64, 784], { generator });
const step = (): Tensor => {
  const { loss } = model.elbo(x, { generator });
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.detach();
};

const rows = [['step', 'resident', 'heap', 'array buffers', 'loss']];
const resident: number[] = [];
for (let i = 1; i <= STEPS; i++) {
  const loss = scoped ? scope(step) : step();
  if (i % REPORT_EVERY === 0) {
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    resident.push(rss);
    rows.push([String(i), mib(rss), mib(heapUsed), mib(arrayBuffers), loss.itemSync().toFixed(2)]);
  }
}
console.log(table(rows));
const growth = (resident.at(-1)! - resident[1]!) / 2 ** 20;
console.log(
  `\nResident memory from step ${2 * REPORT_EVERY} to ${STEPS}: ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB`,
);
