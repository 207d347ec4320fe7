/** The complete configuration of a run, from the given options and the defaults, and configuration files. */
import { existsSync, readFileSync } from 'node:fs';
import { complete, fromJson, type Given } from './fields.js';
import { MODELS } from './model-table.js';
import type { ModelName, RunConfig } from './run-config.js';
import { RUN_FIELDS } from './run-options.js';
import { UsageError } from './usage-error.js';

/** Reads a configuration file. @throws UsageError with the path if the file is absent, is not JSON, or has an unknown key or a refused value */
export function readConfigFile(path: string): Given {
  if (!existsSync(path)) throw new UsageError(`--config ${path}: there is no such file`);
  let contents: unknown;
  try {
    contents = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`);
  }
  return fromJson(RUN_FIELDS, contents, path);
}

/** Options that are valid alone, but not together. */
const CONFLICTS: readonly { clash(config: RunConfig): boolean; message: string }[] = [
  {
    clash: ({ likelihood, model }) => likelihood === 'squared-error' && MODELS[model].hasBound !== false,
    message:
      'likelihood squared-error is for autoencoders, and gives no bound on log p(x) — use gaussian or gaussian-fixed',
  },
  {
    clash: ({ corruption, noiseLevel }) => corruption !== 'gaussian' && noiseLevel > 1,
    message: 'noise-level is a probability, at most 1 — or use corruption gaussian, where it is sigma',
  },
  {
    clash: ({ prior, model }) => prior === 'conditional' && MODELS[model].needsLabels !== true,
    message: 'prior conditional needs labels — use model cvae',
  },
  {
    clash: ({ prior, model }) => prior === 'vamp' && MODELS[model].needsLabels === true,
    message: 'prior vamp has no labels for its pseudo-images — use another prior, or model vae',
  },
  {
    clash: ({ gradient, posterior }) => gradient === 'dreg' && posterior !== 'gaussian',
    message: 'gradient dreg needs posterior gaussian',
  },
];

/**
 * Completes a configuration: the given options, and defaults for all others. Some defaults depend on the model.
 * @param defaults - replace the table's defaults
 * @throws UsageError if a given option has no effect, or two options conflict
 */
export function completeConfig(given: Given, defaults: Partial<RunConfig> = {}): RunConfig {
  const model = (given.get('model')?.value ?? RUN_FIELDS.model.standard) as ModelName;
  const config = complete(RUN_FIELDS, given, { ...defaults, ...MODELS[model].defaults });
  const conflict = CONFLICTS.find(({ clash }) => clash(config));
  if (conflict !== undefined) throw new UsageError(conflict.message);
  return config;
}
