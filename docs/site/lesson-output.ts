/** Runs one lesson, and prints as JSON what it prints: the texts, each with the line of the program that printed it. */
import { pathToFileURL } from 'node:url';
import type { Lesson } from '../../examples/lessons/run.js';

/** A text that a lesson printed. */
export interface Printed {
  text: string;
  /** The line of the lesson's file, from 1. */
  line: number;
}

const file = pathToFileURL(process.argv[2]!).href;
const { lesson } = (await import(file)) as { lesson: Lesson };
const printed: Printed[] = [];
await lesson((text) => {
  const frames = new Error().stack?.split('\n') ?? [];
  const place = frames.find((frame) => frame.includes(file) || frame.includes(process.argv[2]!));
  printed.push({ text, line: Number(/:(\d+):\d+\)?$/.exec(place ?? '')?.[1] ?? 0) });
});
console.log(JSON.stringify(printed));
