/** A static server for one folder, on this machine only. */
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';

/** A running server and its address. */
export interface Served {
  readonly server: Server;
  /** `http://127.0.0.1:8000/` */
  readonly address: string;
}

/** Other files are sent as bytes, which no browser runs. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/**
 * Serves the files below `folder` on 127.0.0.1, as a static host would: without the headers that isolate a page.
 * Requests for another host are refused: a foreign page whose name leads to this machine could read the answers.
 * @param port - 0: any free port
 * @param options - `inlineStyles`: whether pages may have styles of their own, as those of the API reference do
 * @throws Error if the port is in use
 */
export async function serveFolder(
  folder: string,
  port: number,
  { inlineStyles = false }: { inlineStyles?: boolean } = {},
): Promise<Served> {
  const root = await realpath(folder);
  const styles = inlineStyles ? "'self' 'unsafe-inline'" : "'self'";
  const server = createServer((request, response) => {
    answer(request, response, { root, styles, port: (server.address() as AddressInfo).port }).catch(() =>
      refuse(response, 500, 'the file cannot be read'),
    );
  });
  await new Promise<void>((ready, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      failed(taken ? new Error(`port ${port} is in use — choose another one with --port`) : error);
    });
    server.listen(port, '127.0.0.1', ready);
  });
  const { port: actual } = server.address() as AddressInfo;
  return { server, address: `http://127.0.0.1:${actual}/` };
}

async function answer(
  { method = '', headers, url = '/' }: IncomingMessage,
  response: ServerResponse,
  { root, styles, port }: { root: string; styles: string; port: number },
): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('content-security-policy', policyFor('', styles));
  if (!isThisHost(headers.host, port)) {
    refuse(response, 403, `the host must be 127.0.0.1:${port} or localhost:${port}`);
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    refuse(response, 405, 'the method must be GET or HEAD');
    return;
  }
  const file = await fileAt(root, url);
  if (file === undefined) {
    refuse(response, 404, 'file not found');
    return;
  }
  const body = await readFile(file);
  const extension = extname(file);
  if (extension === '.html')
    response.setHeader('content-security-policy', policyFor(body.toString(), styles));
  const type = TYPES[extension] ?? 'application/octet-stream';
  // A rebuilt file is served at the next request.
  response.writeHead(200, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-cache',
  });
  response.end(method === 'HEAD' ? undefined : body);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}

function isThisHost(host: string | undefined, port: number): boolean {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  return names.some((name) => host === `${name}:${port}` || (port === 80 && host === name));
}

/** The file of an address, with links resolved; undefined if there is none, or it is outside of the folder. */
async function fileAt(root: string, url: string): Promise<string | undefined> {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*/, ''));
    if (!path.startsWith('/')) return undefined;
    const file = await realpath(join(root, path.endsWith('/') ? `${path}index.html` : path));
    return file.startsWith(root + sep) && (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined; // an address that is not valid, or a file that does not exist
  }
}

/**
 * What a page may load: files of this server, its own inline scripts (the import map), and programs that are written in the
 * page. The `style` attributes hold numbers for the style sheet.
 */
function policyFor(html: string, styles: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>(.*?)<\/script>/gs)].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    ["script-src 'self' blob: 'wasm-unsafe-eval'", ...inline].join(' '),
    `style-src ${styles}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
