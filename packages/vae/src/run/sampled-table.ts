/** Samples of a model of a table. */
import { Generator } from '@varigrad/core';
import { restored, type Standardization } from '../data/standardization.js';
import { decodeImages } from '../figures/decode.js';
import type { GenerativeModel } from '../models/model.js';

/**
 * CSV text with the names of the columns, and samples of p(x|z) with z from the prior, in the units of the table. The rows of a
 * conditional model start with their class.
 */
export async function sampledTable(
  model: GenerativeModel,
  standardization: Standardization,
  { count, seed, label }: { count: number; seed: number; label?: number },
): Promise<string> {
  const generator = new Generator(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => label ?? i % Math.max(1, model.classes));
  const rows = await decodeImages(
    model,
    labels,
    (oneHot) => model.samplePrior(count, { generator, labels: oneHot }),
    generator,
  );
  const values = restored(rows, standardization);
  const { columns } = standardization;
  const width = columns.length;
  const isConditional = model.classes > 0;
  const lines = Array.from({ length: count }, (_, i) => {
    const numbers = Array.from(values.subarray(i * width, (i + 1) * width), (value, c) =>
      rounded(value, standardization.deviations[c]!),
    );
    return (isConditional ? [labels[i], ...numbers] : numbers).join(',');
  });
  const names = isConditional ? ['label', ...columns] : columns;
  return `${[names.map(quoted).join(','), ...lines].join('\n')}\n`;
}

/** A value to six digits of its column's deviation. */
function rounded(value: number, deviation: number): number {
  const unit = 10 ** (Math.floor(Math.log10(deviation)) - 5);
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}

const quoted = (name: string): string => (/[",;\t]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
