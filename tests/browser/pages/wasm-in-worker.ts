/** A worker of an isolated page has its own wasm backend with its own threads. */
import { backend, ones } from '@varigrad/core';
import { check, runTests } from '../in-page.js';

/** The message of the worker: a sum that is large enough for threads, and the description of the backend. */
type Answer = readonly [sum: number, description: string];

function answer(): Answer {
  const sum = ones([300, 300]).mul(2).sum().itemSync();
  return [sum, backend().description];
}

function askWorker(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.url, { type: 'module' });
    worker.onerror = ({ message }) => reject(new Error(message || 'the worker did not start'));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      worker.terminate();
      resolve(data);
    };
  });
}

if (typeof document === 'undefined') {
  postMessage(answer());
} else {
  await runTests({
    'the default backend of a worker is wasm with all cores': async () => {
      const [sum, description] = await askWorker();
      check(sum === 180_000, `the sum is ${sum}`);
      const threads = Math.min(64, navigator.hardwareConcurrency);
      check(/^wasm \(SIMD/.test(description), description);
      check(description.includes(threads === 1 ? ', 1 thread)' : `, ${threads} threads)`), description);
      return description;
    },
  });
}
