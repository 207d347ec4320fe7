/** Which models take a field. */
import type { Field } from './fields.js';
import { MODEL_NAMES, MODELS } from './models.js';
import type { RunConfig } from './run-config.js';

/** Condition of a field: the model accepts it, and `holds` is true, which `words` describe. */
export function takenBy(
  key: keyof RunConfig,
  words?: string,
  holds: (config: RunConfig) => boolean = () => true,
): NonNullable<Field<unknown, RunConfig>['needs']> {
  return {
    words: words ?? `--model ${takersOf(key)}`,
    holds: (config) => MODELS[config.model].options.includes(key) && holds(config),
  };
}

/** The models that accept a field, as text. */
export function takersOf(key: keyof RunConfig): string {
  return MODEL_NAMES.filter((name) => MODELS[name].options.includes(key)).join(' or ');
}
