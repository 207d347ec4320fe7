/** `npm run explorer`: builds the page into examples/explorer/dist and serves it on this machine. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serveFolder } from '../../scripts/serve-folder.js';
import { buildExplorer } from './build.js';

const HELP = `npm run explorer -- [options]

Builds the explorer page into examples/explorer/dist and serves it on 127.0.0.1. Any static server can serve the folder.

  --build        build only
  --port <n>     port to listen on; 0: any free port. Default 8017
  --help         this text
`;

const FOLDER = fileURLToPath(new URL('dist', import.meta.url));

function portFrom(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new Error(`--port must be a number from 0 to 65535, found ${text}`);
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      build: { type: 'boolean', default: false },
      port: { type: 'string', default: '8017' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const port = portFrom(values.port);
  await buildExplorer(FOLDER);
  console.log('built examples/explorer/dist');
  if (values.build) return;
  const { address } = await serveFolder(FOLDER, port);
  console.log(`explorer: ${address} (press Ctrl+C to stop)`);
}

try {
  await run();
} catch (error) {
  console.error(`npm run explorer: ${(error as Error).message}`);
  process.exitCode = 1;
}
