/** A static server for one folder, on this machine only. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';

/** A running server and its address. */
export interface Served {
  readonly server: Server;
  /** `http://127.0.0.1:8000/` */
  readonly address: string;
}

/**
 * Serves the files below `folder` on 127.0.0.1. The page has no worker threads, so no isolation headers are sent.
 * @param port - 0: any free port
 * @throws Error if the port is in use
 */
export async function serveFolder(folder: string, port: number): Promise<Served> {
  const files = sirv(folder, { dev: true, etag: true }); // dev: a rebuilt file is served at the next request
  const server = createServer((request, response) => {
    files(request, response, () => {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('file not found\n');
    });
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
