/** What leaves the page at the user's wish: a step for the explorer, a program, weights. */
import { HANDED_OVER, STEP_CACHE } from '../../explorer/src/handed-over.js';
import { programOf } from './engine/code.js';
import type { Settings } from './engine/settings.js';

/** Hands a graph over to the explorer in this browser. @returns the address that shows it */
export async function handOver(graph: string): Promise<string> {
  const cache = await caches.open(STEP_CACHE);
  await cache.put(HANDED_OVER, new Response(graph, { headers: { 'content-type': 'application/json' } }));
  return new URL('../explorer/index.html#preset=step', document.baseURI).href;
}

/** Copies the program of a training. @returns its text */
export async function copyProgram(settings: Settings, steps: number): Promise<string> {
  const text = programOf(settings, steps);
  await navigator.clipboard.writeText(text);
  return text;
}

/** Offers a file for download. */
export function download(file: Uint8Array, name: string): void {
  const link = document.createElement('a');
  const address = URL.createObjectURL(
    new Blob([file as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }),
  );
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
