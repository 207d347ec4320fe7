/** Trainings in the page's worker and in Node, compared bit by bit. */
import { createWasm, setBackend } from '@varigrad/core';
import type { Page } from 'playwright-core';
import { generateShapes } from '../../examples/playground/src/data/shapes.js';
import type { Settings } from '../../examples/playground/src/engine/settings.js';
import { type Failure, type Images, Trainer } from '../../examples/playground/src/engine/trainer.js';
import { encodeTraining } from '../../examples/playground/src/engine/weights.js';
import type { Answer, Request } from '../../examples/playground/src/messages.js';
import { playgroundDigits } from '../helpers/playground-digits.js';
import { check } from './in-page.js';

/** The end of a training: its file of weights as base64, and why it failed. */
interface Outcome {
  readonly weights: string;
  readonly failure: Failure | null;
}

/** Runs in the page: trains in the worker of the playground. */
async function trainInPage({ settings, steps }: { settings: Settings; steps: number }): Promise<Outcome> {
  const worker = new Worker(new URL('./worker.js', document.baseURI), { type: 'module' });
  const send = (request: Request): void => worker.postMessage(request);
  let failure: Failure | null = null;
  const file = await new Promise<Uint8Array>((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === 'started') send({ kind: 'run', steps, perSecond: 1000 });
      else if (data.kind === 'failed') failure = data.failure;
      else if (data.kind === 'stopped') send({ kind: 'save' });
      else if (data.kind === 'saved') resolve(data.file);
      else if (data.kind === 'refused') reject(new Error(data.message));
    };
    send({ kind: 'start', settings, digits: new URL('./digits/', document.baseURI).href, own: null });
  });
  worker.terminate();
  let text = '';
  for (const byte of file) text += String.fromCharCode(byte);
  return { weights: btoa(text), failure };
}

let digits: Promise<Images> | undefined;

async function imagesOf({ data }: Settings): Promise<Images> {
  if (data !== 'shapes') {
    digits ??= playgroundDigits();
    return digits;
  }
  const { train, test } = generateShapes();
  return { train: train.data, test: test.data };
}

async function trainInNode(settings: Settings, steps: number): Promise<Outcome> {
  setBackend(createWasm({ simd: 'plain', threads: 1 }));
  const trainer = new Trainer(settings, await imagesOf(settings));
  await trainer.run(steps);
  const weights = Buffer.from(await encodeTraining(trainer)).toString('base64');
  return { weights, failure: trainer.failure ?? null };
}

/** Trains in the page and in Node. @throws Error unless all weights are equal, and a failure has the same step, operation and module */
export async function compareWithNode(page: Page, settings: Settings, steps: number): Promise<string> {
  const here = await trainInNode(settings, steps);
  const there = await page.evaluate(trainInPage, { settings, steps });
  check(there.weights === here.weights, 'the weights differ');
  const named = ({ failure }: Outcome): string =>
    failure === null
      ? 'no failure'
      : `step ${failure.step + 1}: ${failure.operation} in ${failure.module || 'the loss'}`;
  check(named(there) === named(here), `in the page: ${named(there)}; in Node: ${named(here)}`);
  return named(there) === 'no failure' ? `${here.weights.length} characters equal` : named(there);
}
