/**
 * `npm run docs`: builds the static site into docs/site/dist from README.md, docs/*.md, the lessons and the docstrings.
 * A dead link or an undocumented export fails. With `--serve`, shows the site on a local port. With `--out FOLDER`, it becomes a part
 * of the whole site, whose pages lie beside the folder; see `npm run site`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../scripts/packages.js';
import { runSteps, runTool } from '../../scripts/steps.js';
import { layOut, relativeLink } from './layout.js';
import { findDeadLinks, hasLinks, mapLinks } from './links.js';
import { Pages } from './pages.js';

const SITE = import.meta.dirname;
const { values } = parseArgs({ options: { serve: { type: 'boolean' }, out: { type: 'string' } } });
const isPart = values.out !== undefined;
const DIST = values.out ?? join(SITE, 'dist');
const API = join(DIST, 'api');
const TYPEDOC = join(SITE, 'node_modules/typedoc/bin/typedoc');
const SIRV = join(SITE, 'node_modules/sirv-cli/bin.js');
const TYPESCRIPT = join(SITE, 'node_modules/typescript/bin/tsc');

/** A link to a line of a source file, as typedoc.json makes it. */
const SOURCE_LINK = /<a href="site:([^"#]*)#[^>]*>([^<]*)<\/a>/g;

function repositoryFiles(): string[] {
  const list = (...args: string[]): string[] =>
    execFileSync('git', ['ls-files', '-z', ...args], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const deleted = new Set(list('--deleted'));
  const files = list('--cached', '--others', '--exclude-standard');
  return files.filter((file) => file !== '' && !deleted.has(file));
}

/** The files below `folder`, relative to it, with `/`. */
function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.slice(folder.length + 1), entry.name));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(DIST, path)), { recursive: true });
  writeFileSync(join(DIST, path), text);
}

/** Renders README.md first: what it links to comes first in the navigation. */
async function renderPages(pages: Pages, files: readonly string[]): Promise<void> {
  pages.add('README.md');
  await pages.render();
  for (const file of files) if (/^(docs\/)?[^/]+\.md$/.test(file)) pages.add(file);
  pages.add('examples/lessons/README.md');
  await pages.render();
}

/** Replaces the links of the API reference that typedoc.json makes: to sections of the site, and to lines of source files. */
async function linkApi(pages: Pages): Promise<void> {
  const sections = pages.sections();
  for (const file of filesBelow(API).filter((name) => name.endsWith('.html'))) {
    const path = posix.join('api', file);
    const page = readFileSync(join(DIST, path), 'utf8');
    const linkable = page.replace(SOURCE_LINK, (link, source, text) => (pages.has(source) ? link : text));
    const html = mapLinks(linkable, (link) => {
      const [scheme, rest = ''] = link.split(/:(.*)/);
      if (scheme === 'site') return pages.resolve('README.md', path, rest);
      if (scheme !== 'section') return link;
      const first = sections.find(({ name }) => name === rest)?.pages[0];
      if (first === undefined) throw new Error(`typedoc.json: ${link}: no page in this section`);
      return relativeLink(path, first.path);
    });
    write(path, html.replace('<head>', '<head><link rel="icon" href="data:,">'));
  }
  await pages.render();
}

function writePages(pages: Pages): void {
  const sections = pages.sections();
  for (const page of pages.rendered) write(page.path, layOut(page, sections, isPart));
  for (const image of pages.images) {
    mkdirSync(dirname(join(DIST, image)), { recursive: true });
    cpSync(join(ROOT, image), join(DIST, image));
  }
  cpSync(join(SITE, 'style.css'), join(DIST, 'style.css'));
  if (pages.faults.length > 0) throw new Error([...new Set(pages.faults)].join('\n'));
}

function checkLinks(): void {
  const read = (path: string): string => (hasLinks(path) ? readFileSync(join(DIST, path), 'utf8') : '');
  const all = findDeadLinks(new Map(filesBelow(DIST).map((path) => [path, read(path)])));
  const dead = all.filter((reason) => !(isPart && reason.startsWith('../'))); // checked with the whole site
  if (dead.length > 0) throw new Error(dead.join('\n'));
}

const files = repositoryFiles();
const pages = new Pages(ROOT, files);
console.log(`Building the site in ${relative(ROOT, DIST)}`);
rmSync(DIST, { recursive: true, force: true });
await runSteps([
  { name: "types of the site's tools", run: async () => void (await runTool(TYPESCRIPT, ['-p', SITE])) },
  { name: 'README, docs and lessons', run: () => renderPages(pages, files) },
  {
    name: 'API reference: every export has a docstring',
    run: async () => void (await runTool(TYPEDOC, ['--options', join(SITE, 'typedoc.json'), '--out', API])),
    essential: true,
  },
  { name: 'links from the API reference', run: () => linkApi(pages) },
  { name: 'links to the repository', run: async () => writePages(pages) },
  { name: 'links inside the site', run: async () => checkLinks() },
]);
if (values.serve) {
  const server = spawn(process.execPath, [SIRV, DIST, '--dev'], { stdio: 'inherit' });
  server.on('exit', (code) => process.exit(code ?? 1));
}
