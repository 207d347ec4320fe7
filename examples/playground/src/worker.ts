/** The worker: computes for one model, and answers the page. */
import { createReference, createWasm, setBackend } from '@varigrad/core';
import { readDigits } from './data/digits.js';
import { generateShapes } from './data/shapes.js';
import type { Settings } from './engine/settings.js';
import type { Answer, OwnImages, Request, Start } from './messages.js';
import { Session, type SessionImages } from './session.js';

const DIGIT_NAMES = Array.from({ length: 10 }, (_, digit) => String(digit));

/** Requests that come while the training is built wait for it. If it cannot be built, they are refused with the same reason. */
let session: Promise<Session> | null = null;

function answer(message: Answer): void {
  postMessage(message);
}

async function selectBackend({ backend, threads, simd }: Settings): Promise<void> {
  if (backend === 'reference') setBackend(createReference());
  else if (backend === 'wasm')
    setBackend(
      createWasm({
        ...(threads > 0 && { threads }),
        ...(simd === 'plain' && { simd: 'plain' }),
      }),
    );
  else {
    const { gpu } = await import('@varigrad/core/gpu');
    setBackend(await gpu({ mode: backend }));
  }
}

async function imagesOf(settings: Settings, digits: string, own: OwnImages | null): Promise<SessionImages> {
  if (settings.data === 'shapes') {
    const { train, test } = generateShapes();
    const classNames = ['square', 'ellipse', 'triangle'];
    return { train: train.data, test: test.data, classNames, factors: { ...test.factors } };
  }
  if (settings.data !== 'own') {
    const read = async (name: string): Promise<Uint8Array> => {
      const response = await fetch(new URL(name, digits)).catch(() => {
        throw new Error(`${name} could not be loaded. Is there a connection?`);
      });
      if (!response.ok)
        throw new Error(`${name} could not be loaded: ${response.status} ${response.statusText}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    return { ...(await readDigits(settings.data, read)), classNames: DIGIT_NAMES, factors: {} };
  }
  if (own === null) throw new Error('No images are open. Choose a folder of PNG files or a CSV file.');
  return { ...own, factors: {} };
}

async function startSession({ settings, digits, own }: Start): Promise<Session> {
  await selectBackend(settings);
  const made = new Session(settings, await imagesOf(settings, digits, own), answer);
  await made.start();
  return made;
}

async function carryOut(request: Request): Promise<void> {
  if (request.kind === 'start') session = startSession(request);
  const training = await session;
  if (training === null) return;
  switch (request.kind) {
    case 'run':
      training.run(request.steps, request.perSecond);
      return;
    case 'pause':
      await training.pause();
      return;
    case 'change':
      training.change(request.settings);
      return;
    case 'look':
      await training.look(request.view);
      return;
    case 'record':
      await training.record();
      return;
    case 'save':
      await training.save();
  }
}

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  carryOut(data).catch((error: unknown) => {
    answer({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
  });
});
