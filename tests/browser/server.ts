/** A server for the pages of these tests, on 127.0.0.1 only. Its files are in memory. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One served file. */
export interface Served {
  readonly type: 'text/html' | 'text/javascript';
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves `files` by path (`/page.js`); other paths give 404. */
export async function serve(files: ReadonlyMap<string, Served>): Promise<Server> {
  const server = createServer(({ url = '/' }, response) => {
    const file = files.get(new URL(url, 'http://localhost').pathname);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      'content-type': `${file.type}; charset=utf-8`,
      'cache-control': 'no-store',
      ...file.headers,
    };
    response.writeHead(200, headers).end(file.body);
  });
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
