/**
 * `npm run bench:gpu:page`: the measurement of `npm run bench:gpu` in a browser page, for WebGPU and WebGL 2.
 *
 *   npm run bench:gpu:page                  prints an address to open in a browser
 *   npm run bench:gpu:page -- --headless    opens it in headless Chromium
 *   npm run bench:gpu:page -- --quick       small sizes
 *
 * The page and the terminal show the report. It is written to runs/bench/gpu-page.txt, with charts beside it.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { BROWSER_BUNDLE } from '../scripts/browser-bundle.js';
import { findChromium, startChromium } from '../tests/browser/chromium.js';
import type { Measurement } from './gpu/measure-all.js';
import { writeReport } from './gpu/write-report.js';

const PAGE = `<!doctype html><meta charset="utf-8"><title>varigrad: GPU kernels</title>
<link rel="icon" href="data:,"><body><h1>GPU kernels beside CPU kernels</h1>
<p>Measuring takes some minutes. Leave this page in front.</p><script type="module" src="/page.js"></script>`;

/** Headers that allow a page to share memory with workers. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    ...BROWSER_BUNDLE,
    entryPoints: [fileURLToPath(new URL('gpu/page.ts', import.meta.url))],
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** Handles a message of the page. @returns the answer; null for an unknown path */
async function hear(path: string, body: string): Promise<string | null> {
  if (path === '/progress') console.error(body);
  else if (path === '/results') return writeReport(JSON.parse(body) as Measurement, 'gpu-page');
  else return path === '/failed' ? body : null;
  return '';
}

/** Serves the page until it is done. @returns its report, or its error */
async function run(
  script: string,
  quick: boolean,
  headless: boolean,
): Promise<{ text: string; ok: boolean }> {
  let done: (end: { text: string; ok: boolean }) => void = () => {};
  const end = new Promise<{ text: string; ok: boolean }>((resolve) => {
    done = resolve;
  });
  const files = new Map([
    ['/', { type: 'text/html', body: PAGE }],
    ['/page.js', { type: 'text/javascript', body: script }],
  ]);
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files.get(path);
    const answer = request.method === 'POST' ? await hear(path, await bodyOf(request)) : (file?.body ?? null);
    const type = `${file?.type ?? 'text/plain'}; charset=utf-8`;
    response.writeHead(answer === null ? 404 : 200, { 'content-type': type, ...ISOLATED }).end(answer ?? '');
    if (path === '/results' || path === '/failed') done({ text: answer ?? '', ok: path === '/results' });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${quick ? '?quick' : ''}`;
  console.error(`${address}`);
  const browser = headless ? await startChromium(findChromium()) : null;
  await (await browser?.newPage())?.goto(address);
  const result = await end;
  await browser?.close();
  server.close();
  server.closeAllConnections();
  return result;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    headless: { type: 'boolean', default: false },
  },
});
const { text, ok } = await run(await bundle(), values.quick, values.headless);
console.log(`\n${text}`);
process.exitCode = ok ? 0 : 1;
