/** The frame around every page: the bar at the top, the list of pages, the links to the pages before and after. */
import { posix } from 'node:path';
import { escapeHtml, type Heading } from './markdown.js';

/** A page of the site. */
export interface Page {
  /** In the repository. */
  source: string;
  /** In the site. */
  path: string;
  /** Empty for a page that the navigation does not list. */
  section: string;
  title: string;
  html: string;
  headings: readonly Heading[];
}

/** A list of pages in the navigation. */
export interface Section {
  name: string;
  pages: readonly Page[];
}

/** The address of `to`, from the page `from`. */
export function relativeLink(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

/** The pages of the whole site beside the documents, by their paths from the documents. */
const BESIDE: readonly { readonly name: string; readonly path: string }[] = [
  { name: 'Playground', path: '../playground/index.html' },
  { name: 'Explorer', path: '../explorer/index.html' },
];

/** The whole page. @param isPart - whether the documents are a part of the whole site */
export function layOut(page: Page, sections: readonly Section[], isPart: boolean): string {
  const to = (path: string): string => relativeLink(page.path, path);
  const title = page.path === 'index.html' ? 'varigrad' : `${escapeHtml(page.title)} · varigrad`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to('style.css')}">
</head>
<body>
<a class="skip" href="#text">Skip to the text</a>
<header>
<a class="brand" href="${to(isPart ? '../index.html' : 'index.html')}">varigrad</a>
<nav aria-label="Sections">
${topLinks(page, sections, isPart)}
</nav>
</header>
<div class="columns">
<details class="menu">
<summary>Contents</summary>
<nav aria-label="Pages">
${sections.map((section) => sectionList(page, section)).join('\n')}
</nav>
</details>
<script>document.querySelector('.menu').open = matchMedia('(min-width: 60rem)').matches</script>
<main id="text" tabindex="-1">
${page.html}
${neighbours(page, sections)}
</main>
</div>
</body>
</html>
`;
}

function topLinks(page: Page, sections: readonly Section[], isPart: boolean): string {
  const links = sections.flatMap(({ name, pages: [first] }) =>
    first === undefined ? [] : [{ name, path: first.path, isHere: name === page.section }],
  );
  const beside = (isPart ? BESIDE : []).map((link) => ({ ...link, isHere: false }));
  return [...links, { name: 'API', path: 'api/index.html', isHere: false }, ...beside]
    .map(({ name, path, isHere }) => {
      const current = isHere ? ' aria-current="true"' : '';
      return `<a href="${relativeLink(page.path, path)}"${current}>${name}</a>`;
    })
    .join('\n');
}

function sectionList(page: Page, { name, pages }: Section): string {
  const items = pages.map((each) => {
    if (each !== page) {
      return `<li><a href="${relativeLink(page.path, each.path)}">${escapeHtml(each.title)}</a></li>`;
    }
    const parts = page.headings.filter(({ level }) => level === 2);
    const inner = parts.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`).join('\n');
    const list = inner === '' ? '' : `<ul>\n${inner}\n</ul>`;
    return `<li><a href="#text" aria-current="page">${escapeHtml(each.title)}</a>${list}</li>`;
  });
  return `<h2>${name}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function neighbours(page: Page, sections: readonly Section[]): string {
  const all = sections.flatMap(({ pages }) => pages);
  const at = all.indexOf(page);
  if (at < 0) return '';
  const link = (other: Page | undefined, word: string): string =>
    other === undefined
      ? '<span></span>'
      : `<a href="${relativeLink(page.path, other.path)}"><small>${word}</small>${escapeHtml(other.title)}</a>`;
  return `<nav class="neighbours" aria-label="Neighbours">${link(all[at - 1], 'Before')}${link(all[at + 1], 'Next')}</nav>`;
}
