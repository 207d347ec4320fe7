/**
 * `npm run trace`: records one training step of a VAE. Writes into runs/trace/ the graph (SVG, Mermaid, DOT, and JSON for the
 * explorer), a flame graph of its times, the explanation of one gradient, and the program of the compiled step.
 */
import { join } from 'node:path';
import { compile, Generator, rand, type Tensor } from '@varigrad/core';
import {
  explain,
  profile,
  recordGraph,
  toDot,
  toFlameSVG,
  toJSON,
  toMermaid,
  toSVG,
} from '@varigrad/core/trace';
import { VAE } from '@varigrad/vae';
import { writeFileAtomic } from '@varigrad/vae/node';

const FOLDER = join('runs', 'trace');

const generator = new Generator(0);
const model = new VAE({ inputSize: 784, hidden: [400], latent: 20, generator });
const pixels = rand([128, 784], { generator }).named('pixels', ['batch', 'pixel']);
const record = { names: [...model.namedParameters()], modules: [...model.namedModules()] };
const bias = new Map(record.names).get('encoder.logVar.bias') as Tensor;

const step = (): Tensor => {
  const { loss } = model.elbo(pixels, { generator });
  model.zeroGrad();
  loss.backward();
  return loss;
};
for (let i = 0; i < 5; i++) step(); // the first steps compile

const graph = recordGraph(step, record);
const compiled = compile(step);
for (let i = 0; i < 2; i++) compiled();

const files = {
  'vae-step.svg': toSVG(graph),
  'vae-step.mmd': toMermaid(graph),
  'vae-step.dot': toDot(graph),
  'vae-step.json': toJSON(graph),
  'flame.svg': toFlameSVG(profile(step, record)),
  'program.txt': `${compiled.program}\n`,
  'gradient.txt': explain(model.elbo(pixels, { generator }).loss, bias, { names: record.names }),
};
for (const [name, text] of Object.entries(files)) {
  await writeFileAtomic(join(FOLDER, name), text);
  console.log(`${join(FOLDER, name)}  ${(text.length / 1024).toFixed(0)} KiB`);
}
