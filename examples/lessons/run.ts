/** Functions that all lessons share: how a lesson is started, and how its text is laid out. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Prints a line of text, or several. */
export type Print = (line: string) => void;

/** Results by name. */
export type Numbers = Record<string, number>;

/** Prints text and tables as it computes, and returns the numbers that the tests check. */
export type Lesson = (print: Print) => Promise<Numbers>;

/** Runs the lesson if its file (`import.meta.url`) is the program that Node was started with, and does nothing if it was imported. */
export async function runLesson(url: string, lesson: Lesson): Promise<void> {
  const program = process.argv[1];
  if (program !== undefined && pathToFileURL(realpathSync(program)).href === url) await lesson(console.log);
}

/** Characters per line of prose. */
const WIDTH = 100;

/**
 * Removes the indentation of the program from a text. Paragraphs are filled into lines of 100 characters; indented lines
 * (formulas, pictures, tables) stay as they are. The lines of a multi-line value are aligned below each other.
 */
export function prose(strings: TemplateStringsArray, ...values: unknown[]): string {
  const indents = strings.flatMap((part) =>
    Array.from(part.matchAll(/\n( *)(?=[^ \n])/g), (m) => m[1]?.length ?? 0),
  );
  const margin = new RegExp(`\\n {${Math.min(...indents)}}`, 'g');
  let text = '';
  strings.forEach((part, i) => {
    text += part.replaceAll(margin, '\n');
    const column = text.length - text.lastIndexOf('\n') - 1;
    if (i < values.length) text += String(values[i]).replaceAll('\n', `\n${' '.repeat(column)}`);
  });
  const paragraph = /^[^ \n].*(\n[^ \n].*)*/gm;
  return text.replace(/^\n/, '').trimEnd().replaceAll(paragraph, fill);
}

/** Fills words into lines as long as possible. */
function fill(paragraph: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Formats rows of cells as columns after an empty line. Numbers are aligned on the right, with six significant digits. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const text = rows.map((row) =>
    row.map((x) => (typeof x === 'number' ? String(Number(x.toPrecision(6))) : x)),
  );
  const columns = Math.max(...text.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...text.map((row) => (row[c] ?? '').length)),
  );
  const isNumeric = (c: number): boolean => rows.some((row) => typeof row[c] === 'number');
  const cell = (x: string, c: number): string =>
    isNumeric(c) ? x.padStart(widths[c]!) : x.padEnd(widths[c]!);
  return text.map((row) => `\n  ${row.map(cell).join('   ').trimEnd()}`).join('');
}
