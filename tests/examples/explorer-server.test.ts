/** The explorer's server, by real requests: hosts, methods, headers, paths and links. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Served, serveFolder } from '../../scripts/serve-folder.js';

const SCRIPT = '\n{ "imports": {} }\n';
const PAGE = `<!doctype html><script type="importmap">${SCRIPT}</script><script type="module" src="./a.js"></script>`;

let outside = '';
let folder = '';
let served: Served;

test.before(async () => {
  outside = await mkdtemp(join(tmpdir(), 'explorer-server-'));
  folder = join(outside, 'page');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await mkdir(join(outside, 'page-2'));
  const files = {
    'index.html': PAGE,
    'sub/index.html': PAGE,
    'a.js': 'export {};',
    'a b.json': '{}',
    '.bin': '\0',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await writeFile(join(outside, 'secret.txt'), 'secret');
  await writeFile(join(outside, 'page-2', 'secret.txt'), 'secret');
  await symlink(join(outside, 'secret.txt'), join(folder, 'link.txt'));
  await symlink(outside, join(folder, 'up'));
  await symlink(join(folder, 'a.js'), join(folder, 'inside.js'));
  await symlink(join(folder, 'loop'), join(folder, 'loop'));
  served = await serveFolder(folder, 0);
});

test.after(async () => {
  served.server.close();
  served.server.closeAllConnections();
  await rm(outside, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with exactly this path: `fetch` would normalize it. */
function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(served.address);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('files are served with their types, and folders by their index.html', async () => {
  const page = await ask('/');
  assert.equal(
    [page.status, page.body, page.headers['content-type']],
    [200, PAGE, 'text/html; charset=utf-8'],
  );
  assert.is((await ask('/sub/')).body, PAGE);
  assert.is((await ask('/a.js?v=1')).headers['content-type'], 'text/javascript; charset=utf-8');
  assert.is((await ask('/a%20b.json')).headers['content-type'], 'application/json');
  assert.is((await ask('/.bin')).headers['content-type'], 'application/octet-stream');
  const head = await ask('/a.js', 'HEAD');
  assert.equal([head.status, head.body, head.headers['content-length']], [200, '', '10']);
});

test('every answer has the security headers', async () => {
  for (const { headers } of [await ask('/'), await ask('/nothing'), await ask('/', 'POST')]) {
    assert.is(headers['x-content-type-options'], 'nosniff');
    assert.is(headers['cross-origin-resource-policy'], 'same-origin');
    const policy = String(headers['content-security-policy']).split('; ');
    assert.ok(policy.includes("default-src 'none'"));
    assert.ok(policy.includes("frame-ancestors 'none'"));
    assert.ok(policy.includes("base-uri 'none'"));
    assert.not.match(
      policy.find((rule) => rule.startsWith('script-src')) ?? '',
      /unsafe-inline|'unsafe-eval'/,
    );
  }
});

test('the policy allows the inline script of the page by its hash', async () => {
  const { headers } = await ask('/');
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  assert.match(String(headers['content-security-policy']), `blob: 'wasm-unsafe-eval' 'sha256-${hash}'`);
});

test('requests for other hosts are refused', async () => {
  const { port } = new URL(served.address);
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
    assert.is((await ask('/', 'GET', { host: `${name}:${port}` })).status, 200, name);
  }
  const wrong = [
    'evil.example',
    `evil.example:${port}`,
    'localhost',
    '127.0.0.1',
    `localhost:${Number(port) + 1}`,
  ];
  for (const host of [...wrong, `127.0.0.1.evil.example:${port}`, `localhost:${port}.evil.example`]) {
    const { status, body } = await ask('/', 'GET', { host });
    assert.is(status, 403, host);
    assert.is(body, `the host must be 127.0.0.1:${port} or localhost:${port}\n`);
  }
});

test('methods other than GET and HEAD are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const { status, headers } = await ask('/', method);
    assert.equal([status, headers.allow], [405, 'GET, HEAD'], method);
  }
});

test('nothing outside of the folder is served: by dots, by encoded dots, by links', async () => {
  const paths = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/sub/../../secret.txt',
    '/../page-2/secret.txt',
    '/..%2fpage-2%2fsecret.txt',
    '//secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/up/page/../secret.txt',
    '/loop',
    '/sub',
    '/%00',
    '/%E0%A4%A',
    'http://evil.example/../secret.txt',
    '/../../../../../../etc/passwd',
  ];
  for (const path of paths) {
    const { status, body } = await ask(path);
    assert.is(status, 404, path);
    assert.is(body, 'file not found\n', path);
  }
});

test('a link that stays inside of the folder is followed', async () => {
  assert.is((await ask('/inside.js')).body, 'export {};');
  assert.is((await ask('/up/page/a.js')).status, 200);
});

test.run();
