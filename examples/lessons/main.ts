/** Runs a lesson by its number: `npm run lesson -- 3`. Without a number, it lists the lessons. */
import { readdirSync } from 'node:fs';
import type { Lesson } from './run.js';

const files = readdirSync(new URL('.', import.meta.url))
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .sort();
const number = process.argv[2] ?? '';
const file = files.find((name) => name.startsWith(`${number.padStart(2, '0')}-`));
if (file === undefined) {
  console.log(`Choose a lesson by its number: npm run lesson -- 1\n\n${files.join('\n')}`);
  process.exitCode = number === '' ? 0 : 2;
} else {
  const { lesson } = (await import(new URL(file, import.meta.url).href)) as { lesson: Lesson };
  await lesson(console.log);
}
