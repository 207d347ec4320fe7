/** A Vulkan driver where there is no GPU: SwiftShader of Debian's package chromium, with the loader libvulkan1. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const GPU_DEVICES = ['/dev/dri', '/dev/nvidia0', '/dev/dxg'];
export const INSTALL_ADAPTER = 'apt-get update && apt-get install --yes chromium libvulkan1';

const isThere = (command: string): boolean => spawnSync('sh', ['-c', command]).status === 0;

/** Installs it unasked on a CI machine with apt, as root. What apt says goes to stderr. */
function install(): void {
  if (process.env.CI !== 'true' || process.getuid?.() !== 0 || !isThere('command -v apt-get')) return;
  if (existsSync(SWIFTSHADER) && isThere('ldconfig -p | grep -q libvulkan.so.1')) return;
  console.error(`No GPU: ${INSTALL_ADAPTER}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('sh', ['-c', INSTALL_ADAPTER], { env, stdio: ['ignore', 2, 2] });
}

/** To be called before the first adapter is asked for, because the loader reads its list of drivers then. */
export function provideSoftwareAdapter(options: { install?: boolean } = {}): void {
  if (process.env.VK_ICD_FILENAMES !== undefined || GPU_DEVICES.some((path) => existsSync(path))) return;
  if (options.install !== false) install();
  if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER;
}
