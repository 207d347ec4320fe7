/** Registers the site's service worker. */

/**
 * The service worker keeps the site for offline use, and adds the two headers that threads need. They apply from the next load of a page on.
 * @param address - of its script, relative to the page
 */
export async function startServiceWorker(address: string): Promise<void> {
  if (!('serviceWorker' in navigator)) return; // an insecure address
  try {
    await navigator.serviceWorker.register(new URL(address, document.baseURI));
    (await navigator.serviceWorker.ready).active?.postMessage('keep the rest');
  } catch {
    // Service workers are forbidden here: the site works without them, online and with one thread.
  }
}
