/** What leaves the page at the user's wish: a step for the explorer, a program, weights. */
import { HANDED_OVER, STEP_CACHE } from '../../explorer/src/handed-over.js';
import { programOf } from './engine/code.js';
import type { Settings } from './engine/settings.js';

const PROGRAM_FILE = 'training.ts';

/**
 * Opens a step in the explorer, in a new tab.
 * @param recorded - its graph as JSON; null: no step has run
 * @throws Error if there is no graph, or it cannot be handed over; no tab is left
 */
export async function exploreStep(recorded: Promise<{ readonly graph: string | null }>): Promise<void> {
  const tab = window.open('', '_blank'); // before the first wait: later, the browser takes it for an advertisement
  try {
    const { graph } = await recorded;
    if (graph === null) throw new Error('No step has run yet. Press Step first.');
    const address = await handOver(graph);
    if (tab === null) location.href = address;
    else tab.location.href = address;
  } catch (error) {
    tab?.close();
    throw error;
  }
}

/** Hands a graph over to the explorer in this browser, or saves it if that is refused. @returns the address that shows it */
async function handOver(graph: string): Promise<string> {
  try {
    const cache = await caches.open(STEP_CACHE);
    await cache.put(HANDED_OVER, new Response(graph, { headers: { 'content-type': 'application/json' } }));
  } catch {
    download(new TextEncoder().encode(graph), 'step.json');
    throw new Error(
      'The step was saved as step.json, because the browser refuses to store it. The explorer opens this file.',
    );
  }
  return new URL('../explorer/index.html#preset=step', document.baseURI).href;
}

/** Copies the program of a training, or saves it if the browser refuses the clipboard. @returns what was done, for the user */
export async function copyProgram(settings: Settings, steps: number): Promise<string> {
  const text = programOf(settings, steps);
  const what = `The program of the first ${steps === 1 ? 'step' : `${steps} steps`}`;
  try {
    await navigator.clipboard.writeText(text);
    return `${what} was copied.`;
  } catch {
    download(new TextEncoder().encode(text), PROGRAM_FILE);
    return `${what} was saved as ${PROGRAM_FILE}, because the browser refuses the clipboard.`;
  }
}

/** Saves a file of weights. */
export async function saveWeights(saved: Promise<{ readonly file: Uint8Array }>): Promise<void> {
  download((await saved).file, 'weights.safetensors');
}

/** Offers a file for download. */
function download(file: Uint8Array, name: string): void {
  const link = document.createElement('a');
  const address = URL.createObjectURL(
    new Blob([file as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }),
  );
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
