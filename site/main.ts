/**
 * `npm run site`: builds the whole site into site/dist: landing page, playground, explorer, lessons and documents with the API. Any
 * static host can serve the folder, at any path.
 *
 *   npm run site                          builds
 *   npm run site -- --serve               builds, and serves it on 127.0.0.1
 *   npm run site -- --serve --port 8000   0: any free port. Default 8018
 *   npm run site -- --pages               without the documents, which take a minute
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { findDeadLinks, hasLinks } from '../docs/site/links.js';
import { ROOT } from '../scripts/packages.js';
import { serveFolder } from '../scripts/serve-folder.js';
import { runSteps, type Step } from '../scripts/steps.js';
import { addServiceWorker, buildPages } from './build.js';

const DIST: string = join(import.meta.dirname, 'dist');

const { values } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    port: { type: 'string', default: '8018' },
    pages: { type: 'boolean', default: false },
  },
});

/** Links from one part of the site to another; the documents check their own. */
function checkLinks(): void {
  const entries = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map((entry) =>
    relative(DIST, join(entry.parentPath, entry.name)).split(sep).join(posix.sep),
  );
  const read = (path: string): string => (hasLinks(path) ? readFileSync(join(DIST, path), 'utf8') : '');
  const all = findDeadLinks(new Map(paths.map((path) => [path, read(path)])));
  const dead = all.filter((reason) => !/ has no anchor \w+=/.test(reason)); // the state of a page, such as #preset=good
  if (dead.length > 0) throw new Error(dead.join('\n'));
}

/** In a process of its own, whose lines are shown as they come. */
async function buildDocuments(): Promise<void> {
  const args = ['--import', 'tsx', join(ROOT, 'docs/site/main.ts'), '--out', join(DIST, 'docs')];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('see above');
}

const documents: readonly Step[] = [
  { name: 'lessons, documents and API', run: buildDocuments, essential: true },
  { name: 'links between the parts', run: async () => checkLinks() },
];
await runSteps([
  { name: 'landing page, playground and explorer', run: () => buildPages(DIST), essential: true },
  ...(values.pages ? [] : documents),
  { name: 'service worker', run: () => addServiceWorker(DIST) },
]);
if (process.exitCode === 0) console.log(`built ${relative(ROOT, DIST)}`);
if (values.serve && process.exitCode === 0) {
  const { address } = await serveFolder(DIST, Number(values.port), { inlineStyles: true });
  console.log(`site: ${address} (press Ctrl+C to stop)`);
}
