/** All options of a run, and the configuration that their values form. */
import { repeatedKey } from '@varigrad/core/checks';
import { FileError, reasonOf } from '../files/file-error.js';
import { readText } from '../files/read-text.js';
import { CORRUPTION_OPTIONS, CORRUPTIONS } from './options/corruptions.js';
import { DATA_OPTIONS } from './options/data.js';
import { LIKELIHOOD_OPTIONS, LIKELIHOODS } from './options/likelihoods.js';
import { MODELS } from './options/models.js';
import { NETWORK_OPTIONS } from './options/network.js';
import { OPTIONS_OF_MODELS } from './options/of-models.js';
import { OPTIMIZER_OPTIONS, OPTIMIZERS } from './options/optimizers.js';
import { POSTERIOR_OPTIONS, POSTERIORS } from './options/posteriors.js';
import { PRIOR_OPTIONS, PRIORS } from './options/priors.js';
import { SCHEDULE_OPTIONS } from './options/schedules.js';
import { TRAINING_OPTIONS } from './options/training.js';
import type { ValuesOf } from './schema/option.js';
import { fromJson, type Given } from './schema/values.js';
import { shorten, UsageError } from './usage-error.js';

type RunOptions = typeof MODELS &
  typeof NETWORK_OPTIONS &
  typeof LIKELIHOODS &
  typeof LIKELIHOOD_OPTIONS &
  typeof POSTERIORS &
  typeof POSTERIOR_OPTIONS &
  typeof PRIORS &
  typeof PRIOR_OPTIONS &
  typeof CORRUPTIONS &
  typeof CORRUPTION_OPTIONS &
  typeof OPTIONS_OF_MODELS &
  typeof DATA_OPTIONS &
  typeof TRAINING_OPTIONS &
  typeof OPTIMIZERS &
  typeof OPTIMIZER_OPTIONS &
  typeof SCHEDULE_OPTIONS;

/** The options of a run, in the order of the help text. */
export const RUN_OPTIONS: RunOptions = {
  ...MODELS,
  ...NETWORK_OPTIONS,
  ...LIKELIHOODS,
  ...LIKELIHOOD_OPTIONS,
  ...POSTERIORS,
  ...POSTERIOR_OPTIONS,
  ...PRIORS,
  ...PRIOR_OPTIONS,
  ...OPTIONS_OF_MODELS,
  ...CORRUPTIONS,
  ...CORRUPTION_OPTIONS,
  ...DATA_OPTIONS,
  ...TRAINING_OPTIONS,
  ...OPTIMIZERS,
  ...OPTIMIZER_OPTIONS,
  ...SCHEDULE_OPTIONS,
};

/** The complete configuration of a run, stored in its config.json. */
export interface RunConfig extends ValuesOf<RunOptions> {}

/**
 * Reads a configuration file.
 * @param given - how the command line named it, for messages
 * @param absent - the message if there is no such file
 * @throws UsageError with the path if the file cannot be read, is not JSON, or has an unknown key or a refused value
 */
export function readConfigFile(
  path: string,
  given: string = path,
  absent: () => string = () => `${given}: there is no such file`,
): Given {
  let text: string | undefined;
  try {
    text = readText('config', path);
  } catch (error) {
    throw error instanceof FileError ? new UsageError(`${given}: ${reasonOf(error.code)}`) : error;
  }
  if (text === undefined) throw new UsageError(absent());
  return parseConfig(text, path);
}

/** Parses the text of a configuration file. @param source - its name, for messages */
export function parseConfig(text: string, source: string): Given {
  if (text.trim() === '') throw new UsageError(`${source}: it is empty — write at least {}`);
  let contents: unknown;
  try {
    contents = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${source}: not JSON: ${(error as Error).message}`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined)
    throw new UsageError(`${source}: "${shorten(twice)}" is given twice — remove one of them`);
  return fromJson(RUN_OPTIONS, contents, source);
}
