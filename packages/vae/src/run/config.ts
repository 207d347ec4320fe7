/** The whole configuration of a run, from what was given, and the file it may be read from. */
import { existsSync, readFileSync } from 'node:fs';
import { complete, fromJson, type Given } from './fields.js';
import { MODELS } from './models.js';
import type { ModelName, RunConfig } from './run-config.js';
import { RUN_FIELDS } from './run-fields.js';
import { UsageError } from './usage-error.js';

/** Reads a configuration file. @throws UsageError with the path if it is absent, no JSON, or says what cannot be */
export function readConfigFile(path: string): Given {
  if (!existsSync(path)) throw new UsageError(`--config ${path}: there is no such file`);
  let contents: unknown;
  try {
    contents = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: it is not JSON: ${(error as Error).message}`);
  }
  return fromJson(RUN_FIELDS, contents, path);
}

/** Choices that each work, but not together. */
const CONFLICTS: readonly { clash(config: RunConfig): boolean; message: string }[] = [
  {
    clash: ({ likelihood, model }) => likelihood === 'squared-error' && MODELS[model].hasBound !== false,
    message:
      'likelihood squared-error is for autoencoders, and bounds nothing — use gaussian or gaussian-fixed',
  },
  {
    clash: ({ corruption, noiseLevel }) => corruption !== 'gaussian' && noiseLevel > 1,
    message: 'noise-level is a probability, at most 1 — or use corruption gaussian, of which it is the sigma',
  },
  {
    clash: ({ prior, model }) => prior === 'conditional' && MODELS[model].needsLabels !== true,
    message: 'prior conditional needs the labels — use model cvae',
  },
  {
    clash: ({ prior, model }) => prior === 'vamp' && MODELS[model].needsLabels === true,
    message: 'prior vamp has pseudo-images without labels — use another prior, or model vae',
  },
  {
    clash: ({ gradient, posterior }) => gradient === 'dreg' && posterior !== 'gaussian',
    message: 'gradient dreg needs posterior gaussian',
  },
];

/**
 * The whole configuration: what was given, and the defaults, some of which depend on the model.
 * @param defaults - that depend on anything else
 * @throws UsageError if a value has no effect, or two cannot go together
 */
export function completeConfig(given: Given, defaults: Partial<RunConfig> = {}): RunConfig {
  const model = (given.get('model')?.value ?? RUN_FIELDS.model.standard) as ModelName;
  const config = complete(RUN_FIELDS, given, { ...defaults, ...MODELS[model].defaults });
  const conflict = CONFLICTS.find(({ clash }) => clash(config));
  if (conflict !== undefined) throw new UsageError(conflict.message);
  return config;
}
