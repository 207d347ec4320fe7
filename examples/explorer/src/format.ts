/** Numbers, options and sizes as text. */
import { describeValue } from '@varigrad/core/checks';

/** A number with a few significant digits: −0.375, 1.2e6, ∞. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-3
      ? value
          .toExponential(digits - 2)
          .replace(/\.?0+e/, 'e')
          .replace('e+', 'e')
      : String(Number(value.toPrecision(digits)));
  return text.replaceAll('-', '−');
}

/** An operation's options: `axes: [0], keepDims: false`. */
export function formatParams(params: unknown): string {
  if (typeof params !== 'object' || params === null) return params === undefined ? '' : String(params);
  return Object.entries(params)
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? describeValue(value) : String(value)}`)
    .join(', ');
}

/** `1,024 B`, `1.5 KiB` … */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${formatNumber(kib, 3)} KiB` : `${formatNumber(kib / 1024, 3)} MiB`;
}
