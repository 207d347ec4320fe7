/**
 * Every TypeScript block of the documents is type-checked, and run as a program of its own, in the order of the file. A line
 * `console.log(…); // text` must print the text, and the lines must come in this order. `…` in the text stands for anything; after
 * `about`, numbers may differ by 2%.
 *
 * A block that starts with "```ts gpu" needs a GPU or a software adapter. Without one, it runs in gpu.js's mode cpu. One that starts
 * with "```ts native" needs a library for matrix products. Without one, it is left out.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { provideSoftwareAdapter } from '../../scripts/software-adapter.js';
import { nativeHere, testIf } from '../helpers/native-here.js';
import { type CodeBlock, codeBlocks, DOCUMENTS, ROOT } from './markdown.js';

/** Languages of blocks that are not programs, and so are not run. */
const NOT_RUN = ['', 'sh', 'text', 'python'];

const programs = DOCUMENTS.flatMap((file) =>
  codeBlocks(file)
    .filter(({ language }) => language === 'ts')
    .map((block, i) => ({ name: `${file}, example ${i + 1}`, block })),
);

/** Prints each call of console.log on one line. */
const ONE_LINE_PER_CALL = `
import { format } from 'node:util';
const log = console.log;
console.log = (...values) => log(format(...values).replace(/\\s*\\n\\s*/g, ' '));`;

/** What a program prints, run as a module in the root of the repository. @throws Error with what it printed, if it fails */
async function output(program: string): Promise<string> {
  const { code } = transformSync(program, { loader: 'ts', format: 'esm' });
  const preamble = `data:text/javascript,${encodeURIComponent(ONE_LINE_PER_CALL)}`;
  const imports = ['--import', 'tsx', '--import', preamble];
  const args = ['--conditions=@varigrad/source', ...imports, '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 1e8 });
  return stdout;
}

/** As `output`, on a GPU if there is one. */
async function outputOnGpu(program: string): Promise<string> {
  provideSoftwareAdapter({ install: false });
  try {
    return await output(program);
  } catch (error) {
    if (!(error as Error).message.includes('no GPU was found')) throw error;
    return output(program.replaceAll('gpu()', "gpu({ mode: 'cpu' })"));
  }
}

/** Whether a line is the text, up to its `…` and to 2% of its numbers after `about`. */
function matches(line: string, text: string): boolean {
  if (text.startsWith('about ')) {
    const number = /\d+(\.\d+)?/g;
    const [found, wanted] = [line, text.slice(6)].map((side) => (side.match(number) ?? []).map(Number));
    const near = found?.every((value, i) => Math.abs(value / wanted![i]! - 1) < 0.02);
    return near === true && line.replace(number, '#') === text.slice(6).replace(number, '#');
  }
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(line);
}

/** Checks that the lines hold the texts, in this order. */
function checkPrinted(lines: readonly string[], texts: readonly string[]): void {
  let next = 0;
  for (const text of texts) {
    const found = lines.findIndex((line, i) => i >= next && matches(line, text));
    const shown = lines.slice(next).map((line) => line.slice(0, 300));
    assert.ok(found >= 0, `no line '${text}' in:\n${shown.join('\n')}`);
    next = found + 1;
  }
}

test('every block is a TypeScript program, shell commands or text, and every marker has a meaning', () => {
  for (const file of DOCUMENTS) {
    for (const { language, words } of codeBlocks(file)) {
      assert.ok([...NOT_RUN, 'ts'].includes(language), `${file}: a block of language '${language}'`);
      for (const word of words)
        assert.ok(['gpu', 'native'].includes(word), `${file}: a block with the marker '${word}'`);
    }
  }
});

test('the programs have the types that they should', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-docs-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const options = { customConditions: ['@varigrad/source'], noEmit: true };
    const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: options, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    for (const { name, block } of programs)
      writeFileSync(join(folder, `${name.replace(/[^\w.]+/g, '-')}.ts`), block.text);
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [compiler, '--project', folder]).catch((error) => {
      throw new Error(error.stdout);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function printedTexts({ text }: CodeBlock): string[] {
  return [...text.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, printed = '']) => printed);
}

const hasNative = (await nativeHere()) !== undefined;

for (const { name, block } of programs) {
  testIf(hasNative || !block.words.includes('native'))(`${name}: runs and prints what it says`, async () => {
    const run = block.words.includes('gpu') ? outputOnGpu : output;
    checkPrinted((await run(block.text)).split('\n'), printedTexts(block));
  });
}

test.run();
