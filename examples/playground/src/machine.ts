/** What the page computes with. */
import type { Started } from './messages.js';

/**
 * The machine of a training, for the foot of the page.
 * @param canReload - whether the service worker runs, so that the page is isolated when it is loaded again
 */
export function describeMachine(
  { machine, parameters, trainCount, testCount }: Started,
  canReload: boolean,
): string {
  const count = parameters.toLocaleString('en');
  return `${machine} · ${count} parameters · ${trainCount.toLocaleString('en')} training and ${testCount.toLocaleString('en')} test images · ${threadsOf(canReload)}`;
}

/** Whether this page may use threads. */
function threadsOf(canReload: boolean): string {
  if (self.crossOriginIsolated) return 'threads allowed';
  if (!canReload) return 'one thread, online only: the browser refuses the service worker';
  return 'one thread: reload the page once to allow threads';
}
