/** The script of the landing page. */
import { startServiceWorker } from './start-service-worker.js';

await startServiceWorker('./service-worker.js');
