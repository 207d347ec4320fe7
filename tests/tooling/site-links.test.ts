/** docs/site/links.ts: what counts as a dead link of the site. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findDeadLinks, isExternal, mapLinks } from '../../docs/site/links.js';

/** The dead links of a site with these files. */
const dead = (files: Readonly<Record<string, string>>): string[] =>
  findDeadLinks(new Map(Object.entries(files)));

test('links to pages, anchors, images and folders that exist are alive', () => {
  const found = dead({
    'index.html': `<a href="docs/gpu.html#modes">modes</a> <a href="#top">top</a> <h1 id="top">t</h1>
      <img alt="digits > 0" src="images/a%20b.png"> <a href="docs/">all</a>
      <use href="docs/icons.svg#menu">`,
    'docs/gpu.html': `<h2 class="x" id="modes">Modes</h2><a href='x'>single quotes are not used by the builder</a>
      <a href="../index.html?q=1#top">start</a>`,
    'docs/index.html':
      '<a href="https://example.org/nowhere">out</a> <a href="mailto:a@example.org">mail</a>',
    'images/a b.png': '<a href="not read">',
    'docs/icons.svg': '<svg><g id="menu"></g><use href="#menu"/></svg>',
  });
  assert.equal(found, []);
});

test('a link to a page that does not exist is dead, and named once with the pages that have it', () => {
  const link = '<a href="gone.html">a</a> <a href="gone.html">b</a>';
  assert.equal(dead({ 'a.html': link, 'b.html': link }), [
    'gone.html does not exist: linked from a.html, b.html',
  ]);
  const many = Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${i}.html`, link]));
  assert.equal(dead(many), ['gone.html does not exist: linked from 1.html, 2.html, 3.html and 2 more']);
});

test('a missing image, a missing anchor and an absolute path are dead', () => {
  const found = dead({
    'docs/a.html':
      '<img src="b.png"><a href="#no">x</a><a href="b.html#no">y</a><a href="/docs/b.html">z</a>',
    'docs/b.html': '<p id="yes">',
  });
  assert.equal(found, [
    'docs/b.png does not exist: linked from docs/a.html',
    'docs/a.html has no anchor no: linked from docs/a.html',
    'docs/b.html has no anchor no: linked from docs/a.html',
    '/docs/b.html is an absolute path, which breaks in a subfolder: linked from docs/a.html',
  ]);
});

test('a link in escaped text is text', () => {
  assert.equal(
    dead({ 'a.html': '<pre>&lt;a href="gone.html">&lt;/a> if (a < b) href="gone.html"</pre>' }),
    [],
  );
});

test('mapLinks changes addresses and nothing else', () => {
  const html = '<a class="b" href="a?x=1&amp;y=2">href="c"</a><img src="d">';
  const seen: string[] = [];
  const mapped = mapLinks(html, (link) => {
    seen.push(link);
    return `${link}&"`;
  });
  assert.equal(seen, ['a?x=1&y=2', 'd']);
  assert.is(mapped, '<a class="b" href="a?x=1&amp;y=2&amp;&quot;">href="c"</a><img src="d&amp;&quot;">');
});

test('a scheme or a host makes a link external', () => {
  assert.equal(['https://a', '//a', 'mailto:a', 'a/b:c', '#a', '../a'].map(isExternal), [
    ...[true, true, true],
    ...[false, false, false],
  ]);
});

test.run();
