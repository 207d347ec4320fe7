/** A lesson as a page: the text it prints, below each part the function that printed it, and the whole program at the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { slug } from 'github-slugger';
import { runProgram } from '../../scripts/steps.js';
import type { Printed } from './lesson-output.js';
import { escapeHtml, type Heading, highlight } from './markdown.js';

const OUTPUT = join(import.meta.dirname, 'lesson-output.ts');
/** Files of the repository that the text names. */
const FILE_NAME = /\b(?:packages|examples|docs|tests|benchmarks|scripts)\/[\w./-]*\.\w+\b/g;

/** The number, title and introduction in the comment at the top of a lesson. */
interface Introduction {
  number: string;
  title: string;
  paragraphs: string[];
}

/** A top-level function of a program; lines count from 1, the last is included. */
interface Part {
  name: string;
  first: number;
  last: number;
}

/** Whether a file of the repository is a lesson. */
export function isLesson(source: string): boolean {
  return /^examples\/lessons\/\d\d-[^/]*\.ts$/.test(source);
}

/** Runs a lesson and renders it. */
export async function renderLesson(
  root: string,
  source: string,
): Promise<{ html: string; headings: Heading[] }> {
  const program = readFileSync(join(root, source), 'utf8');
  const { number, title, paragraphs } = readIntroduction(program, source);
  const args = ['--conditions=@varigrad/source', '--import', 'tsx', OUTPUT, join(root, source)];
  const printed = JSON.parse(await runProgram(process.execPath, args, root)) as Printed[];
  const headings: Heading[] = [
    { id: 'lesson', text: `${number}. ${title[0]?.toUpperCase()}${title.slice(1)}`, level: 1 },
  ];
  const html = [
    `<h1 id="lesson">Lesson ${number}: ${escapeHtml(title)}</h1>`,
    ...paragraphs.map((text) => `<p class="question">${withFileLinks(text, source)}</p>`),
    highlight(`npm run lesson -- ${number}`, 'sh'),
    ...renderOutput(printed.slice(1), program, source, headings),
    '<h2 id="program"><a href="#program">The whole program</a></h2>',
    `<p><code>${source}</code></p>`,
    highlight(program, 'ts'),
  ];
  headings.push({ id: 'program', text: 'The whole program', level: 2 });
  return { html: html.join('\n'), headings };
}

function readIntroduction(program: string, source: string): Introduction {
  const comment = /^\/\*\*\n \* Lesson (\d+): (.+)\.\n([\s\S]*?)\n? \*\//.exec(program);
  if (comment === null)
    throw new Error(`${source}: the first comment must begin with "Lesson 1: its title."`);
  const [, number = '', title = '', rest = ''] = comment;
  const text = rest.replace(/^ \* ?/gm, '').replace(/(, then run this: )?npm run lesson -- \d+/, '');
  const paragraphs = text.split(/\n{2,}/).map((paragraph) => paragraph.replaceAll('\n', ' ').trim());
  return { number, title, paragraphs: paragraphs.filter((paragraph) => paragraph !== '') };
}

/** The functions of a program that begin in the first column. */
function readParts(program: string): Part[] {
  const lines = program.split('\n');
  return lines.flatMap((line, i) => {
    const name = /^(?:export )?(?:async )?function (\w+)/.exec(line)?.[1];
    return name === undefined ? [] : [{ name, first: i + 1, last: lines.indexOf('}', i) + 1 }];
  });
}

/** The printed text as HTML. After the last text of a function comes its code. */
function renderOutput(
  printed: readonly Printed[],
  program: string,
  source: string,
  headings: Heading[],
): string[] {
  const parts = readParts(program);
  const partOf = ({ line }: Printed): Part | undefined =>
    parts.find(({ name, first, last }) => name !== 'lesson' && first <= line && line <= last);
  return printed.flatMap((item, i) => {
    const part = partOf(item);
    const next = printed[i + 1];
    const isLast = part !== undefined && (next === undefined || partOf(next) !== part);
    return [renderText(item.text, source, headings), ...(isLast ? [renderPart(part, program)] : [])];
  });
}

function renderPart({ name, first, last }: Part, program: string): string {
  const code = program
    .split('\n')
    .slice(first - 1, last)
    .join('\n');
  return `<details class="code"><summary>The code of this part: <code>${name}</code></summary>\n${highlight(code, 'ts')}</details>`;
}

/** Paragraphs, headings (`1. Title`) and indented text (formulas, tables) as HTML. */
function renderText(text: string, source: string, headings: Heading[]): string {
  const isIndented = (line: string): boolean => line.startsWith(' ');
  const lines = text.split('\n');
  const blocks: string[][] = [];
  lines.forEach((line, i) => {
    const block = blocks.at(-1);
    if (line === '') {
      const after = lines.slice(i).find((later) => later !== '');
      const goesOn = block?.some(isIndented) === true && after !== undefined && isIndented(after);
      if (goesOn) block?.push('');
      else blocks.push([]);
    } else if (block === undefined || (block[0] !== undefined && isIndented(block[0]) !== isIndented(line))) {
      blocks.push([line]);
    } else block.push(line);
  });
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => renderBlock(block, source, headings))
    .join('\n');
}

function renderBlock(lines: readonly string[], source: string, headings: Heading[]): string {
  const [first = ''] = lines;
  if (/^ +[a-z]\) /.test(first)) return renderExercises(lines, source);
  if (first.startsWith(' ')) return `<pre tabindex="0">${withFileLinks(unindent(lines), source)}</pre>`;
  if (lines.length > 1 || !/^(\d+\. .*|Exercises)$/.test(first)) {
    return `<p>${withFileLinks(lines.join(' '), source)}</p>`;
  }
  const id = slug(first);
  headings.push({ id, text: first, level: 2 });
  return `<h2 id="${id}"><a href="#${id}">${escapeHtml(first)}</a></h2>`;
}

/** The lines without the spaces that all of them begin with. */
function unindent(lines: readonly string[]): string {
  const indents = lines.filter((line) => line !== '').map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

/** `a) …` on a line of its own, or on several. */
function renderExercises(lines: readonly string[], source: string): string {
  const items = lines
    .map((line) => line.trim())
    .join('\n')
    .split(/\n(?=[a-z]\) )/);
  const texts = items.map((item) => withFileLinks(item.slice(3).replaceAll('\n', ' '), source));
  return `<ol type="a">\n${texts.map((text) => `<li>${text}</li>`).join('\n')}\n</ol>`;
}

/** Escaped text in which the files of the repository are links, relative to `source`. */
function withFileLinks(text: string, source: string): string {
  const up = '../'.repeat(source.split('/').length - 1);
  return escapeHtml(text).replace(FILE_NAME, (name) => `<a href="${up}${name}">${name}</a>`);
}
