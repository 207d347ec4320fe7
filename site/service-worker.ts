/**
 * The service worker of the site. It keeps all files for offline use, and adds the two headers that isolate a page, which shared memory
 * and so threads need, on any static host.
 */

/** What the build writes into the script. A changed file changes the version. */
interface SiteFiles {
  readonly version: string;
  /** Kept before the worker starts: landing page, playground, explorer, digits. */
  readonly first: readonly string[];
  /** Kept later, one after the other: documents. */
  readonly rest: readonly string[];
}

declare const SITE_FILES: SiteFiles;

/** The part of the worker's global scope that is used: the types of service workers and of pages exclude each other. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(
    type: 'install' | 'activate' | 'message',
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { readonly request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
}

const scope = self as unknown as Scope;
const PREFIX = 'varigrad-site-';
const CACHE: string = PREFIX + SITE_FILES.version;

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Asks the server again for files that the browser has kept by itself. */
function fresh(path: string): Request {
  return new Request(new URL(path, scope.registration.scope), { cache: 'no-cache' });
}

async function keepFirst(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SITE_FILES.first.map(fresh));
  await scope.skipWaiting();
}

async function keepRest(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const path of SITE_FILES.rest) {
    const request = fresh(path);
    if ((await cache.match(request.url)) === undefined) await cache.add(request).catch(() => {}); // offline: next time
  }
}

async function removeOld(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** The kept file, or the server's. A file that was not kept is kept from now on. */
async function answer(request: Request): Promise<Response> {
  const address = new URL(request.url);
  address.hash = '';
  address.search = '';
  if (address.pathname.endsWith('/')) address.pathname += 'index.html';
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address.href);
  if (kept !== undefined) return isolated(kept);
  const found = await fetch(request);
  if (found.ok && found.type === 'basic') await cache.put(address.href, found.clone());
  return isolated(found);
}

function isolated(response: Response): Response {
  if (response.type === 'opaque' || response.type === 'opaqueredirect') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  const hasBody = status !== 204 && status !== 304;
  return new Response(hasBody ? response.body : null, { status, statusText, headers });
}

scope.addEventListener('install', (event) => event.waitUntil(keepFirst()));
scope.addEventListener('activate', (event) => event.waitUntil(removeOld()));
scope.addEventListener('message', (event) => event.waitUntil(keepRest()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOwn = request.method === 'GET' && request.url.startsWith(scope.registration.scope);
  if (isOwn) event.respondWith(answer(request));
});
