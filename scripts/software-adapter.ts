/** A Vulkan driver for machines without a GPU: SwiftShader from Debian's package chromium, with the loader libvulkan1. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const GPU_DEVICES = ['/dev/dri', '/dev/nvidia0', '/dev/dxg'];
export const INSTALL_ADAPTER = 'apt-get update && apt-get install --yes chromium libvulkan1';

const isThere = (command: string): boolean => spawnSync('sh', ['-c', command]).status === 0;

/** Installs the driver on CI machines with apt and root rights. The output of apt goes to stderr. */
function install(): void {
  if (process.env.CI !== 'true' || process.getuid?.() !== 0 || !isThere('command -v apt-get')) return;
  if (existsSync(SWIFTSHADER) && isThere('ldconfig -p | grep -q libvulkan.so.1')) return;
  console.error(`No GPU: ${INSTALL_ADAPTER}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('sh', ['-c', INSTALL_ADAPTER], { env, stdio: ['ignore', 2, 2] });
}

/** Must be called before the first adapter is requested, because the loader then reads its list of drivers. */
export function provideSoftwareAdapter(options: { install?: boolean } = {}): void {
  if (process.env.VK_ICD_FILENAMES !== undefined || GPU_DEVICES.some((path) => existsSync(path))) return;
  if (options.install !== false) install();
  if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER;
}
