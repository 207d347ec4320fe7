/** The links of HTML pages: rewriting them, and finding those that lead nowhere. */
import { posix } from 'node:path';

/** A start tag. Text is escaped, so that `<` and a letter begin nothing else. */
const TAG = /<[a-z](?:[^"'>]|"[^"]*"|'[^']*')*>/gi;
const LINK = /(\s(?:href|src)=)"([^"]*)"/g;
const ID = /\s(?:id|name)="([^"]*)"/g;
/** Pages named for each dead link. */
const MOST_NAMED = 3;
const SCHEME = /^[a-z][a-z\d+.-]*:/i;

/** Whether a file can have links and anchors: HTML and SVG. */
export function hasLinks(path: string): boolean {
  return /\.(html|svg)$/.test(path);
}

/** Whether a link leads out of the site: it has a scheme or a host. */
export function isExternal(link: string): boolean {
  return SCHEME.test(link) || link.startsWith('//');
}

/** Replaces the address of every link and image. */
export function mapLinks(html: string, map: (link: string) => string): string {
  return html.replace(TAG, (tag) =>
    tag.replace(LINK, (_, before: string, link: string) => {
      const mapped = map(link.replaceAll('&amp;', '&'));
      return `${before}"${mapped.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
    }),
  );
}

/** The links of a page, in order. */
function linksOf(html: string): string[] {
  const links: string[] = [];
  mapLinks(html, (link) => {
    links.push(link);
    return link;
  });
  return links;
}

function idsOf(html: string): Set<string> {
  const tags = html.match(TAG) ?? [];
  return new Set(tags.flatMap((tag) => Array.from(tag.matchAll(ID), ([, id]) => id!)));
}

/** `path` and `#anchor` of a link, decoded. @throws URIError if a `%` is not followed by two digits */
export function splitLink(link: string): { path: string; anchor: string } {
  const [address = '', anchor = ''] = link.split('#');
  return { path: decodeURIComponent(address.split('?')[0]!), anchor: decodeURIComponent(anchor) };
}

/**
 * Lists the links of a site that lead nowhere: to a file that does not exist, to an anchor that its page does not have, or to an
 * absolute path, which breaks when the site lies in a subfolder. Links with a scheme or a host are not followed.
 * @param files - path to content; the content is read only if `hasLinks(path)`
 */
export function findDeadLinks(files: ReadonlyMap<string, string>): string[] {
  const pages = [...files].filter(([path]) => hasLinks(path));
  const ids = new Map(pages.map(([path, html]) => [path, idsOf(html)]));
  const found = new Map<string, string[]>();
  for (const [page, html] of pages) {
    for (const link of linksOf(html)) {
      const reason = isExternal(link) ? undefined : whyDead(page, link, files, ids);
      if (reason !== undefined) found.set(reason, [...(found.get(reason) ?? []), page]);
    }
  }
  return [...found].map(([reason, from]) => `${reason}: ${summarize([...new Set(from)])}`);
}

/** The first names of a list, and how many more there are. */
function summarize(pages: readonly string[]): string {
  const more = pages.length - MOST_NAMED;
  return `linked from ${pages.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function whyDead(
  page: string,
  link: string,
  files: ReadonlyMap<string, string>,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const { path, anchor } = splitLink(link);
  if (path.startsWith('/')) return `${path} is an absolute path, which breaks in a subfolder`;
  const joined = posix.join(posix.dirname(page), path);
  const target = path === '' ? page : path.endsWith('/') ? `${joined}index.html` : joined;
  if (!files.has(target)) return `${target} does not exist`;
  if (anchor === '' || ids.get(target)?.has(anchor)) return undefined;
  return `${target} has no anchor ${anchor}`;
}
