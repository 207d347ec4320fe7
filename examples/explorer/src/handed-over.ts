/** A graph that another page of the site hands over to the explorer, in the browser's cache storage. */

export const STEP_CACHE = 'varigrad-step';
/** The address in the cache; no server has it. */
export const HANDED_OVER = '/varigrad-step.json';

/** The text of the graph that was handed over last; null if there is none. */
export async function handedOver(): Promise<string | null> {
  try {
    const cache = await caches.open(STEP_CACHE);
    return (await (await cache.match(HANDED_OVER))?.text()) ?? null;
  } catch {
    return null; // storage is forbidden
  }
}
