/** The state of the page as the part of its address after #. Own images and weights are not part of it. */
import { differences, faultOf, SETTING_NAMES, withSetting } from './engine/setting-checks.js';
import type { SettingName, Settings } from './engine/settings.js';
import { modelsOf, PRESETS, presetOf } from './presets.js';

/** Everything that a link contains. */
export interface PageState {
  /** Id of the preset from which the settings started. */
  readonly preset: string;
  readonly first: Settings;
  /** The second model; null: none. */
  readonly second: Settings | null;
  /** The point of the plane that is decoded. */
  readonly point: readonly [number, number];
  /** The class that a conditional model decodes. */
  readonly label: number;
  /** 'class', or the name of a factor that colours the codes. */
  readonly colourBy: string;
}

/** What both models must share, so that they train on the same batches. */
export const SHARED: readonly SettingName[] = ['data', 'batchSize', 'seed'];

/** The start of a preset. */
export function stateOf(preset: string): PageState {
  const known = presetOf(preset) ?? PRESETS[0]!;
  const [first, second] = modelsOf(known);
  return { preset: known.id, first, second, point: [0, 0], label: 3, colourBy: 'class' };
}

/** `preset=good&beta=4&second=yes&b.model=ae` */
export function encodeAddress(state: PageState): string {
  const start = stateOf(state.preset);
  const { first, second, point, label, colourBy } = state;
  const parts = [['preset', state.preset]];
  for (const name of differences(start.first, first)) parts.push([name, String(first[name])]);
  if ((second === null) !== (start.second === null)) parts.push(['second', second === null ? 'no' : 'yes']);
  if (second !== null) {
    const from = secondStart(start, first);
    for (const name of differences(from, second))
      if (!SHARED.includes(name)) parts.push([`b.${name}`, String(second[name])]);
  }
  if (point[0] !== 0 || point[1] !== 0) parts.push(['point', point.map((x) => x.toFixed(2)).join(',')]);
  if (label !== start.label) parts.push(['label', String(label)]);
  if (colourBy !== start.colourBy) parts.push(['colour', colourBy]);
  return parts
    .map(([name, value]) => `${name}=${encodeURIComponent(value!).replaceAll('%2C', ',')}`)
    .join('&');
}

/** The second model before its own settings: the preset's differences on top of the first. */
function secondStart({ preset }: PageState, first: Settings): Settings {
  return { ...first, ...presetOf(preset)?.second };
}

/** The state in an address. Parts that are missing or invalid are those of the preset. */
export function decodeAddress(hash: string): PageState {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const start = stateOf(parts.get('preset') ?? '');
  const first = overridden(start.first, parts, '');
  const wanted = parts.get('second') ?? (start.second === null ? 'no' : 'yes');
  const second = wanted === 'yes' ? sharing(first, overridden(secondStart(start, first), parts, 'b.')) : null;
  const [x = Number.NaN, y = Number.NaN] = (parts.get('point') ?? '').split(',').map(Number);
  const label = Number(parts.get('label') ?? start.label);
  return {
    ...start,
    first,
    second,
    point: Number.isFinite(x) && Number.isFinite(y) ? [x, y] : start.point,
    label: Number.isInteger(label) && label >= 0 ? label : start.label,
    colourBy: parts.get('colour') ?? start.colourBy,
  };
}

function overridden(settings: Settings, parts: URLSearchParams, prefix: string): Settings {
  let result = settings;
  for (const name of SETTING_NAMES) {
    const text = parts.get(prefix + name);
    if (text !== null && faultOf(name, text) === undefined) result = withSetting(result, name, text);
  }
  return result;
}

/** The second model's settings with what it shares with the first. */
export function sharing(first: Settings, second: Settings): Settings {
  const { data, batchSize, seed } = first;
  return { ...second, data, batchSize, seed };
}
