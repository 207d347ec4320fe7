/** The Markdown files of the repository and their code blocks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** Files whose TypeScript blocks are executed. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
  ...readdirSync(join(ROOT, 'packages'))
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(join(ROOT, path)))
    .sort(),
];

/** A fenced code block: its language, the other words after the fence, and its text. */
export interface CodeBlock {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
}

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

export function codeBlocks(file: string): CodeBlock[] {
  return codeBlocksOf(readDocument(file));
}

export function codeBlocksOf(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, info = '', text = '']) => {
    const [language = '', ...words] = info.trim().split(/\s+/);
    return { language, words, text };
  });
}
