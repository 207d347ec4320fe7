/** A static server for one folder, on this machine only. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
};

/** A server that runs, and where. */
export interface Served {
  readonly server: Server;
  /** `http://127.0.0.1:8000/` */
  readonly address: string;
}

/** Offers the files below `folder` on 127.0.0.1. @param port - 0: any that is free. @throws Error if it is not free */
export async function serveFolder(folder: string, port: number): Promise<Served> {
  const server = createServer(async ({ url = '/', method }, response) => {
    const path = fileOf(folder, url);
    const type = TYPES[extname(path ?? '')];
    const body =
      path === undefined || type === undefined ? undefined : await readFile(path).catch(() => undefined);
    if (body === undefined || type === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there is no such file\n');
      return;
    }
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    response.end(method === 'HEAD' ? undefined : body);
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

/** The file that a request asks for; undefined if it is outside the folder. */
function fileOf(folder: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
    return file.startsWith(folder + sep) && !file.includes('\0') ? file : undefined;
  } catch {
    return undefined;
  }
}
