/** The name of the folder of a new run. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join, normalize, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createFolder } from '../files/create-folder.js';
import { withFileErrors } from '../files/file-error.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { effective, hasEffect, standardOf } from './schema/complete.js';
import { flagOf, type Option } from './schema/option.js';

/** The folder of runs that are not given one. */
export const RUNS = 'runs';

/** Longer lists of options are replaced by a hash of the configuration. */
const LONGEST_LIST = 40;

/**
 * `mnist-vae-z20-none`, followed by each option that differs from its default: `mnist-vae-z20-none-batch64-lr0.01`, or by a hash if these
 * are many. Runs with different options have different names.
 */
export function nameOf(config: RunConfig): string {
  const size = hasEffect(RUN_OPTIONS, 'latent', { ...config }) ? `-z${config.latent}` : '';
  const list = differences(config).join('');
  const end = list.length > LONGEST_LIST ? `-${hashOf(effective(RUN_OPTIONS, config))}` : list;
  return `${dataName(config.data)}-${config.model}${size}-${config.binarization}${end}`;
}

/** Options that every name contains. */
const ALWAYS: readonly (keyof RunConfig)[] = ['data', 'model', 'latent', 'binarization'];

/** `-lr0.01`, … for each option that has an effect and differs from its default. */
function differences(config: RunConfig): string[] {
  const own = effective(RUN_OPTIONS, config);
  // Without the value itself, which would count as its default.
  const usual = (key: string): unknown => standardOf(RUN_OPTIONS, key, { ...config, [key]: undefined });
  return Object.entries(own).flatMap(([key, value]) => {
    if (ALWAYS.some((name) => name === key) || isDeepStrictEqual(value, usual(key))) return [];
    const option: Option = RUN_OPTIONS[key as keyof RunConfig];
    const text = typeof value === 'boolean' ? '' : Array.isArray(value) ? value.join('x') : String(value);
    return [`-${option.short ?? flagOf(key)}${text}`];
  });
}

/** Longer names of images are cut. The names of files have at most 255 bytes. */
const LONGEST_DATA = 40;

/** The last part of the path. A hash of the path distinguishes folders of the same name, and two files of one folder. */
function dataName(data: string): string {
  const path = normalize(data).replace(/[/\\]+$/, '');
  const whole = basename(resolve(path.split(',')[0] ?? path)).replace(/^\.+|\p{Cc}/gu, '');
  const name = Array.from(whole).slice(0, LONGEST_DATA).join('');
  return name === path ? name : `${name}-${hashOf(path).slice(0, 4)}`;
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8);
}

/** Makes the folder `runs/<name>`, or `runs/<name>-2`, … if that is taken. No other process gets the same one. @returns its path */
export async function makeRunFolder(name: string): Promise<string> {
  await withFileErrors('train', RUNS, () => createFolder(RUNS));
  for (let n = 1; ; n++) {
    const path = join(RUNS, n === 1 ? name : `${name}-${n}`);
    const isMade = await withFileErrors('train', path, () =>
      mkdir(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
          return false;
        },
      ),
    );
    if (isMade) return path;
  }
}
