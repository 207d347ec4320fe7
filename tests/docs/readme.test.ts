/** The front page is short, relative links lead somewhere, and the packages carry what npm shows. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { missingForPublishing } from '../../scripts/check-publishing.js';
import { PACKAGES, packageFolder } from '../../scripts/packages.js';
import { DOCUMENTS, ROOT, readDocument } from './markdown.js';

const PAGES = [...DOCUMENTS, 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'examples/lessons/README.md'];

/** Headings as GitHub makes anchors of them. */
function anchorsOf(file: string): string[] {
  return [...readDocument(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('the README has at most 150 lines', () => {
  const lines = readDocument('README.md').trimEnd().split('\n').length;
  assert.ok(lines <= 150, `${lines} lines`);
});

for (const file of PAGES) {
  test(`${file}: each relative link leads to a file, and to a heading in it`, () => {
    for (const [, target = ''] of readDocument(file).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? file : join(dirname(file), path);
      assert.ok(existsSync(join(ROOT, found)), `${target}: no such file`);
      if (anchor !== undefined) assert.ok(anchorsOf(found).includes(anchor), `${target}: no such heading`);
    }
  });
}

test('the files and test words that CONTRIBUTING names exist, except those that its recipes create', () => {
  const created = /sparse-autoencoder/;
  const text = readDocument('CONTRIBUTING.md');
  for (const [, path = ''] of text.matchAll(/`((?:packages|tests)\/[\w./-]+\.ts)`/g))
    assert.ok(created.test(path) || existsSync(join(ROOT, path)), path);
  const tests = readdirSync(join(ROOT, 'tests'), { recursive: true, encoding: 'utf8' });
  for (const [, words = ''] of text.matchAll(/npm test -- ([\w/ -]+)/g)) {
    for (const word of words.trim().split(' ')) {
      const isThere = tests.some((path) => path.endsWith('.test.ts') && path.includes(word));
      assert.ok(created.test(word) || isThere, word);
    }
  }
});

test('every document is linked from the README', () => {
  const readme = readDocument('README.md');
  for (const file of PAGES.filter((page) => page !== 'README.md'))
    assert.ok(readme.includes(`](${file})`), file);
});

test('the packages have the license of the repository, and lack only what the owner must supply', () => {
  const license = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  for (const name of PACKAGES) {
    assert.is(readFileSync(join(packageFolder(name), 'LICENSE'), 'utf8'), license, name);
    const owner = ['repository', 'homepage', 'bugs'];
    assert.equal(
      missingForPublishing(name).filter((field) => !owner.includes(field)),
      [],
      name,
    );
  }
});

test.run();
