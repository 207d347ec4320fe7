/** The pages of the site: which files of the repository become pages, and their links to each other. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Page, Section } from './layout.js';
import { relativeLink } from './layout.js';
import { isLesson, renderLesson } from './lessons.js';
import { isExternal, mapLinks, splitLink } from './links.js';
import { escapeHtml, type Heading, highlight, renderMarkdown } from './markdown.js';

const IMAGE = /\.(png|svg|jpg|jpeg|gif|webp|ico)$/;
const LESSONS = 'examples/lessons/README.md';

/** Where a file or folder of the repository is in the site. */
export function sitePath(source: string, isFolder: boolean): string {
  if (source === 'README.md') return 'index.html';
  if (source === LESSONS) return 'lessons/index.html';
  if (isLesson(source)) return source.replace(/^examples\/(.*)\.ts$/, '$1.html');
  if (IMAGE.test(source)) return source;
  if (isFolder) return posix.join('files', source, 'index.html');
  return source.endsWith('.md') ? source.replace(/\.md$/, '.html') : `files/${source}.html`;
}

/** The section of the navigation that lists a page; empty if none does. */
function sectionOf(source: string): string {
  if (source === 'README.md') return 'Start';
  if (source === LESSONS || isLesson(source)) return 'Lessons';
  return /^(docs\/)?[^/]+\.md$/.test(source) ? 'Docs' : '';
}

/** Files of a repository as pages. What a page links to becomes a page too. */
export class Pages {
  readonly rendered: Page[] = [];
  /** Images that pages show. */
  readonly images = new Set<string>();
  /** Links to what does not exist in the repository, and pages that could not be made. */
  readonly faults: string[] = [];
  private readonly sources = new Set<string>();
  private readonly started = new Set<string>();
  private readonly files: ReadonlySet<string>;
  private readonly folders: ReadonlySet<string>;

  /** @param files - all files of the repository, relative to `root` */
  constructor(
    private readonly root: string,
    files: readonly string[],
  ) {
    this.files = new Set(files);
    this.folders = new Set(files.flatMap(foldersOf));
  }

  /** Whether the repository has this file. */
  has(file: string): boolean {
    return this.files.has(file);
  }

  /** Adds a page. */
  add(source: string): void {
    this.sources.add(source);
  }

  /** Renders all pages that are not rendered yet, and those that they link to. */
  async render(): Promise<void> {
    for (const source of this.sources) {
      if (this.started.has(source)) continue;
      this.started.add(source);
      try {
        this.rendered.push(await this.page(source));
      } catch (error) {
        this.faults.push(`${source}: ${(error as Error).message}`);
      }
    }
  }

  /** The pages of the navigation, in the order in which they were added or first linked. */
  sections(): Section[] {
    return ['Start', 'Docs', 'Lessons'].map((name) => ({
      name,
      pages: this.rendered.filter(({ section }) => section === name),
    }));
  }

  /** The address in the site of what a page or the API reference links to. Adds a page or an image for it.
   * @param from - the file of the repository that contains the link
   * @param page - the path in the site of the page that contains the link */
  resolve(from: string, page: string, link: string): string {
    if (isExternal(link) || link.startsWith('#')) return link;
    const { path, anchor } = splitLink(link);
    const target = posix.join(posix.dirname(from), path).replace(/\/$/, '');
    const readme = posix.join(target, 'README.md');
    const source = this.files.has(readme) ? readme : target;
    const isFolder = this.folders.has(source);
    if (!isFolder && !this.files.has(source)) {
      this.faults.push(`${from}: ${link}: the repository has no ${target}`);
      return link;
    }
    if (IMAGE.test(source)) this.images.add(source);
    else this.add(source);
    return relativeLink(page, sitePath(source, isFolder)) + (anchor === '' ? '' : `#${anchor}`);
  }

  private async page(source: string): Promise<Page> {
    const isFolder = this.folders.has(source);
    const path = sitePath(source, isFolder);
    const section = sectionOf(source);
    const { html, headings } = await this.content(source, isFolder);
    const title = section === 'Start' ? 'Start' : (headings.find(({ level }) => level === 1)?.text ?? source);
    const linked = mapLinks(html, (link) => this.resolve(isFolder ? `${source}/.` : source, path, link));
    return { source, path, section, title, html: linked, headings };
  }

  private async content(source: string, isFolder: boolean): Promise<{ html: string; headings: Heading[] }> {
    if (isLesson(source)) return renderLesson(this.root, source);
    if (isFolder) return { html: `<h1>${source}</h1>\n${this.list(source)}`, headings: [] };
    const text = readFileSync(join(this.root, source), 'utf8');
    if (source.endsWith('.md')) return renderMarkdown(text);
    const code = highlight(text, posix.extname(source).slice(1), true);
    return { html: `<h1>${escapeHtml(source)}</h1>\n${code}`, headings: [] };
  }

  /** The entries of a folder as links. */
  private list(folder: string): string {
    const below = [...this.files].filter((file) => file.startsWith(`${folder}/`));
    const names = new Set(below.map((file) => file.slice(folder.length + 1).replace(/\/.*/, '/')));
    const items = [...names].sort().map((name) => `<li><a href="${name}">${name}</a></li>`);
    return `<ul>\n${items.join('\n')}\n</ul>`;
  }
}

/** The folders above a file, without the root. */
function foldersOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
