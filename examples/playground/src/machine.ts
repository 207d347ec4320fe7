/** What the page computes with. */
import type { Started } from './messages.js';

/** The machine of a training, for the foot of the page. */
export function describeMachine({ machine, parameters, trainCount, testCount }: Started): string {
  const count = parameters.toLocaleString('en');
  return `${machine} · ${count} parameters · ${trainCount.toLocaleString('en')} training and ${testCount.toLocaleString('en')} test images · ${threadsOf()}`;
}

/** Whether this page may use threads. */
function threadsOf(): string {
  if (self.crossOriginIsolated) return 'threads allowed';
  if (!('serviceWorker' in navigator)) return 'no threads: this browser has no service workers here';
  return 'one thread: reload the page once to allow threads';
}
