/** The page of `npm run bench:gpu:page`: measures, sends the results to the server, and shows the report that it returns. */
import { createReference, createWasm } from '@varigrad/core';
import { measureEverything } from './measure-all.js';
import { PATIENT, QUICK } from './time.js';

function show(text: string): void {
  const line = document.createElement('pre');
  line.textContent = text;
  document.body.append(line);
}

const post = (path: string, body: string): Promise<Response> => fetch(path, { method: 'POST', body });

async function main(): Promise<void> {
  const threads = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const all = createWasm({ threads });
  const quick = new URLSearchParams(location.search).has('quick');
  const rival = threads === 1 ? 'wasm, 1 thread' : `wasm, ${threads} threads`;
  const measurement = await measureEverything({
    host: `${navigator.userAgent}, ${navigator.hardwareConcurrency} cores`,
    cpu: new Map([
      ['wasm, 1 thread', createWasm({ threads: 1 })],
      [rival, all],
      ['reference', createReference()],
    ]),
    rival,
    modes: ['webgpu', 'webgl2', 'webgl'],
    only: '',
    small: quick,
    patience: quick ? QUICK : PATIENT,
    stepPatience: quick ? QUICK : PATIENT,
    tell(line) {
      show(line);
      void post('/progress', line);
    },
  });
  const answer = await post('/results', JSON.stringify(measurement));
  show(await answer.text());
}

main().catch((error: Error) => {
  show(String(error));
  void post('/failed', error.stack ?? String(error));
});
