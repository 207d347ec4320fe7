/** Checks of settings, and what differs between two of them. */
import { FIELDS } from './fields.js';
import type { SettingName, Settings } from './settings.js';

export const SETTING_NAMES: readonly SettingName[] = Object.keys(FIELDS) as SettingName[];

/** Why a text is not a value of a setting; undefined if it is one. */
export function faultOf(name: SettingName, text: string): string | undefined {
  const field = FIELDS[name];
  if (field.kind === 'choice')
    return Object.hasOwn(field.choices, text)
      ? undefined
      : `${field.label} must be ${Object.keys(field.choices).join(', ')}, found ${text}`;
  if (field.kind === 'text')
    return field.pattern.test(text) ? undefined : `${field.label} must be ${field.expected}, found ${text}`;
  const { least, most, isWhole } = field;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = value >= least && value <= most && (!isWhole || Number.isInteger(value));
  const kind = isWhole ? 'a whole number' : 'a number';
  return fits
    ? undefined
    : `${field.label} must be ${kind} from ${least} to ${most}, found ${text || 'nothing'}`;
}

/** The settings with one changed. @throws Error if the text is not a value of the setting */
export function withSetting(settings: Settings, name: SettingName, text: string): Settings {
  const fault = faultOf(name, text);
  if (fault !== undefined) throw new Error(fault);
  return { ...settings, [name]: FIELDS[name].kind === 'number' ? Number(text) : text };
}

/** What contradicts itself in the settings, in words; undefined if nothing does. */
export function conflictOf(settings: Settings, classes: number): string | undefined {
  const { model, likelihood, binarization, samples, freeBits } = settings;
  if (model === 'cvae' && classes < 2)
    return 'A conditional VAE needs images with classes. Put the images of each class into a folder of its own, or choose VAE.';
  if (binarization !== 'none' && likelihood !== 'bernoulli')
    return 'Binarized pixels need the Bernoulli likelihood. Choose binarization “none”, or Bernoulli.';
  if (model === 'ae' && (samples !== 1 || freeBits !== 0))
    return 'An autoencoder has no KL term and no samples of z. Set samples to 1 and free bits to 0.';
  return undefined;
}

/** The names of the settings that differ. */
export function differences(a: Settings, b: Settings): SettingName[] {
  return SETTING_NAMES.filter((name) => a[name] !== b[name]);
}
