/** Runs lessons, and compares their numbers. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend } from '@varigrad/core';
import * as assert from 'uvu/assert';
import type { Lesson } from '../../examples/lessons/run.js';

export const ROOT: URL = new URL('../../', import.meta.url);
export const LESSONS: URL = new URL('examples/lessons/', ROOT);

/** File names of the lessons, in order. */
export const lessonFiles: string[] = readdirSync(LESSONS)
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .sort();

/** The text and the numbers of a lesson. */
export interface LessonRun {
  text: string;
  numbers: Record<string, number>;
}

/** Runs a lesson on the default backend. */
export async function run(number: number): Promise<LessonRun> {
  const file = new URL(lessonFiles[number - 1] as string, LESSONS);
  const { lesson } = (await import(file.href)) as { lesson: Lesson };
  const before = backend();
  const lines: string[] = [];
  // Lessons write pictures into the working directory.
  const [root, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'varigrad-lesson-'))];
  process.chdir(folder);
  const numbers = await lesson((line) => lines.push(line)).finally(() => {
    process.chdir(root);
    rmSync(folder, { recursive: true });
  });
  assert.is(backend(), before, 'a lesson does not change the backend');
  return { text: lines.join('\n'), numbers };
}

export function near(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  assert.ok(
    Math.abs((actual as number) - expected) <= tolerance,
    `${what}: ${actual}, expected ${expected} ± ${tolerance}`,
  );
}

/** `near` for several numbers. */
export function nearAll(
  actual: readonly (number | undefined)[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  assert.is(actual.length, expected.length, what);
  for (const [i, value] of expected.entries()) near(actual[i], value, tolerance, `${what}, ${i}`);
}

/** Asserts that the files named in a lesson exist, and that the lesson lists files to read next. */
export function checkPaths(name: string): void {
  const source = readFileSync(new URL(name, LESSONS), 'utf8');
  assert.match(source, 'In this repository: packages/', name);
  const paths = source.match(/\b(?:packages|examples|tests|benchmarks)\/[\w/.-]+\.\w+/g) ?? [];
  assert.ok(paths.length >= 1, name);
  for (const path of paths) assert.ok(existsSync(new URL(path, ROOT)), `${name} names ${path}`);
}

/** Asserts that functions, classes and methods named in a lesson are defined in the named file, a path in `packages`. */
export function checkNames(path: string, ...names: string[]): void {
  const source = readFileSync(new URL(`packages/${path}`, ROOT), 'utf8');
  for (const name of names) {
    const definition = new RegExp(`(function|const|class|protected) ${name}\\b|^ +${name}\\(.*\\{$`, 'm');
    assert.match(source, definition, `${name} in ${path}`);
  }
}
