/** Finds Chromium or installs Debian's, and starts it headless. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox', // the tests may run as root in a container
  '--enable-unsafe-webgpu', // without it, headless Chromium on Linux has no navigator.gpu adapter
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function find(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

const INSTALL = 'apt-get update && apt-get install --yes chromium';

/** Whether Chromium may be installed automatically: on CI machines with apt and root rights. */
function mayInstall(): boolean {
  return process.env.CI === 'true' && process.getuid?.() === 0 && find(['apt-get']) !== undefined;
}

/** Installs Debian's chromium. The output of apt goes to stderr. */
function install(): void {
  console.error(`Chromium is not installed: ${INSTALL}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('sh', ['-c', INSTALL], { env, stdio: ['ignore', 2, 2] });
}

/**
 * The path of Chromium: the environment variable CHROMIUM, else the first on the PATH, else the one that apt installs.
 * @throws Error with installation instructions
 */
export function findChromium(): string {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) {
    if (isExecutable(CHROMIUM)) return CHROMIUM;
    throw new Error(`CHROMIUM=${CHROMIUM} is not a program — set it to the path of Chromium or Chrome`);
  }
  if (find(NAMES) === undefined && mayInstall()) install();
  const found = find(NAMES);
  if (found !== undefined) return found;
  throw new Error(
    `Chromium was not found — install it (Debian and Ubuntu, as root: ${INSTALL}),` +
      ' or set CHROMIUM to the path of Chromium or Chrome',
  );
}

/** Starts Chromium with a temporary profile. */
export function startChromium(executablePath: string, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more], headless: true });
}

/** The processes of the browser that shows a page. */
export async function processesOf(page: Page): Promise<readonly { type: string; id: number }[]> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo;
}

/** Resident memory of the GPU process in bytes, from Linux. @throws Error if there is no such process */
export async function gpuProcessBytes(page: Page): Promise<number> {
  const id = (await processesOf(page)).find(({ type }) => type === 'GPU')?.id;
  const status = id === undefined ? '' : readFileSync(`/proc/${id}/status`, 'utf8');
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error('the size of the GPU process is unknown');
  return Number(kilobytes) * 1024;
}
