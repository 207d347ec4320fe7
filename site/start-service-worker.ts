/** Registers the site's service worker. */

/**
 * The service worker keeps the site for offline use, and adds the two headers that threads need. They apply from the next load of a page on.
 * @param address - of its script, relative to the page
 * @returns whether it runs
 */
export async function startServiceWorker(address: string): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false; // an insecure address
  try {
    await navigator.serviceWorker.register(new URL(address, document.baseURI));
    (await navigator.serviceWorker.ready).active?.postMessage('keep the rest');
    return true;
  } catch {
    return false; // forbidden here: the site works without it, online and with one thread
  }
}
