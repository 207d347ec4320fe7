/** A profile as a flame graph. */
import { checkArray, checkNumber, checkText } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { moduleNames } from './graph.js';
import type { ProfileEntry } from './profile.js';
import { escapeXML, px } from './svg.js';

/** Options of `toFlameSVG`. */
export interface FlameOptions {
  /** A line above the picture. */
  title?: string;
  /** Pixels; default 1200. */
  width?: number;
}

const FLAME_OPTIONS: OptionNames<FlameOptions> = { title: true, width: true };

/** A bar, and the bars below it that add up to it. */
interface Bar {
  readonly label: string;
  /** The names from the top bar down to this one. */
  readonly path: readonly string[];
  milliseconds: number;
  calls: number;
  bytes: number;
  readonly parts: Map<string, Bar>;
}

const ROW = 22;
const MARGIN = 12;
const HEAD = 26;
const CHARACTER = 6.6;
/** Bars narrower than this, in pixels, are left out; the bar above still counts them. */
const NARROWEST = 0.4;

const STYLE = `
svg { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; color-scheme: light dark; }
.page { fill: #ffffff; } .title { font-size: 14px; font-weight: 600; fill: #1b1f24; }
.bar rect { stroke: #ffffff; stroke-width: 0.7; } .bar text { fill: #1b1f24; }
.all rect { fill: #d5dae0; } .forward rect { fill: #9cc7f0; } .backward rect { fill: #f3b09f; }
.forward.operation rect { fill: #c9e1f8; } .backward.operation rect { fill: #fad7cd; }
.bar:hover rect { stroke: #1b1f24; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
.page { fill: #14181d; } .title, .bar text { fill: #e4e8ec; } .bar rect { stroke: #14181d; }
.all rect { fill: #3a424b; } .forward rect { fill: #1f4f80; } .backward rect { fill: #7f3424; }
.forward.operation rect { fill: #16395c; } .backward.operation rect { fill: #5b271c; }
.bar:hover rect { stroke: #e4e8ec; }
}
`;

/**
 * A profile as a flame graph. The rows, from the top: all operations, forward and backward, the modules, the operations.
 * The width of a bar is its time. Every bar has a tooltip with milliseconds, share, calls and bytes.
 * @returns a self-contained SVG document, with colours for light and dark pages
 */
export function toFlameSVG(entries: readonly ProfileEntry[], options: FlameOptions = {}): string {
  checkArray('toFlameSVG', 'the entries', entries);
  checkOptions('toFlameSVG', options, FLAME_OPTIONS, 'entries, ');
  const { title = '', width = 1200 } = options;
  checkText('toFlameSVG', 'title', title);
  checkNumber('toFlameSVG', 'width', width, width > 2 * MARGIN && width < Infinity, `above ${2 * MARGIN}`);
  const top = barsOf(entries);
  const head = title === '' ? 0 : HEAD;
  const scale = (width - 2 * MARGIN) / (top.milliseconds || 1);
  const height = head + 2 * MARGIN + ROW * depthOf(top);
  const name =
    title === '' ? [] : [`<text class="title" x="${MARGIN}" y="${MARGIN + 12}">${escapeXML(title)}</text>`];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img">`,
    `<title>${escapeXML(title || 'Profile')}</title>`,
    `<style>${STYLE}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    ...name,
    ...draw(top, top.milliseconds, { x: MARGIN, y: MARGIN + head }, scale),
    '</svg>',
    '',
  ].join('\n');
}

/** The tree of bars: all → pass → names of the module path → operation. */
function barsOf(entries: readonly ProfileEntry[]): Bar {
  const bar = (path: readonly string[]): Bar => ({
    label: path.at(-1) as string,
    path,
    milliseconds: 0,
    calls: 0,
    bytes: 0,
    parts: new Map(),
  });
  const top = bar(['all operations']);
  for (const { op, module, phase, calls, milliseconds, bytes } of entries) {
    let at = top;
    const count = (): void => {
      at.milliseconds += milliseconds;
      at.calls += calls;
      at.bytes += bytes;
    };
    count();
    // A module and an operation can have the same name; the parentheses keep their keys apart.
    for (const key of [phase, ...moduleNames(module), `${op}()`]) {
      const next = at.parts.get(key) ?? bar([...at.path, key.replace(/\(\)$/, '')]);
      at.parts.set(key, next);
      at = next;
      count();
    }
  }
  return joined(top);
}

/** Joins a module with its only part if that is a module too: `hidden.layers.0` is one row. */
function joined(bar: Bar): Bar {
  const parts = [...bar.parts].map(([key, part]) => [key, joined(part)] as const);
  const only = parts.length === 1 ? parts[0]?.[1] : undefined;
  const isModule = bar.path.length > 2;
  if (!isModule || only === undefined || only.parts.size === 0) return { ...bar, parts: new Map(parts) };
  return { ...only, label: `${bar.label}.${only.label}` };
}

function depthOf({ parts }: Bar): number {
  return 1 + Math.max(0, ...[...parts.values()].map(depthOf));
}

function draw(bar: Bar, total: number, { x, y }: { x: number; y: number }, scale: number): string[] {
  const width = bar.milliseconds * scale;
  if (width < NARROWEST) return [];
  const kind = [bar.path[1] ?? 'all', ...(bar.parts.size === 0 ? ['operation'] : [])].join(' ');
  const rect = `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${ROW - 1}" rx="2"/>`;
  const parts = [
    `<g class="bar ${kind}"><title>${escapeXML(tooltip(bar, total))}</title>${rect}${label(bar, x, y, width)}</g>`,
  ];
  let at = x;
  for (const part of [...bar.parts.values()].sort((a, b) => b.milliseconds - a.milliseconds)) {
    parts.push(...draw(part, total, { x: at, y: y + ROW }, scale));
    at += part.milliseconds * scale;
  }
  return parts;
}

/** Name and time, the name only, or nothing, as the bar has room. */
function label({ label: name, milliseconds }: Bar, x: number, y: number, width: number): string {
  const room = Math.floor((width - 8) / CHARACTER);
  const text = [`${name} ${milliseconds.toFixed(2)} ms`, name].find((t) => t.length <= room);
  const shown = text ?? (room >= 4 ? `${name.slice(0, room - 1)}…` : '');
  return shown === '' ? '' : `<text x="${px(x + 4)}" y="${px(y + 15)}">${escapeXML(shown)}</text>`;
}

function tooltip({ path, milliseconds, calls, bytes }: Bar, total: number): string {
  const share = ((100 * milliseconds) / (total || 1)).toFixed(1);
  const where = path.length === 1 ? path : path.slice(1);
  const times = calls === 1 ? '1 call' : `${calls} calls`;
  return `${where.join(' › ')}\n${milliseconds.toFixed(3)} ms (${share}%), ${times}, ${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
