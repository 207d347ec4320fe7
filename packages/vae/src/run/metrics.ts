/** The losses of every epoch as JSON lines: the file metrics.jsonl of a run. */
import { isAmount } from '../checks.js';
import type { EpochResult } from '../train.js';
import { UsageError } from './usage-error.js';

/** One object per epoch. @param heldOut - the images of the losses that are not training losses */
export function encodeMetrics(results: readonly EpochResult[], heldOut: 'test' | 'validation'): string {
  const lines = results.map(({ epoch, train, test, seconds, msPerStep, execution }) =>
    JSON.stringify({ epoch, train, [heldOut]: test, seconds, msPerStep, execution }),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * The results of all epochs, from the first one.
 * @param path - the file, for messages
 * @throws UsageError with the line if the text is damaged
 */
export function parseMetrics(text: string, path: string): EpochResult[] {
  const lines = text.trimEnd().split('\n');
  return lines.map((line, i) => {
    const result = parseResult(line);
    if (result?.epoch === i + 1) return result;
    throw new UsageError(
      `${path}: line ${i + 1} is not the result of epoch ${i + 1} — restore the file, or start a new run`,
    );
  });
}

/** The result of an epoch from one line, or undefined if the line has another form. */
function parseResult(line: string): EpochResult | undefined {
  try {
    const { test, validation, ...rest } = JSON.parse(line);
    const result = { ...rest, test: test ?? validation };
    return isResult(result) ? result : undefined;
  } catch {
    return undefined;
  }
}

function isResult(value: Readonly<Record<string, unknown>>): value is EpochResult & Record<string, unknown> {
  const { epoch, seconds, msPerStep, train, test } = value;
  return Number.isInteger(epoch) && [seconds, msPerStep].every(isAmount) && [train, test].every(hasLosses);
}

function hasLosses(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { loss, recon, kl }: Readonly<Record<string, unknown>> = { ...value };
  return [loss, recon, kl].every(Number.isFinite);
}
