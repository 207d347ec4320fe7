/** The page of `varigrad compare`: one HTML file with nothing outside of it. */
import { escapeXML } from '@varigrad/core/trace';
import { lineChart } from '../figures/line-chart.js';
import { effective } from '../run/fields.js';
import type { Measurement } from '../run/measure.js';
import type { RunConfig } from '../run/run-config.js';
import { RUN_FIELDS } from '../run/run-options.js';
import type { EpochResult } from '../train.js';
import { REPORT_STYLE } from './report-style.js';

/** One run of a comparison. */
export interface ReportedRun {
  name: string;
  config: RunConfig;
  /** Numbers that were learned. */
  parameters: number;
  results: readonly EpochResult[];
  heldOut: 'test' | 'validation';
  measured: Measurement;
  sheets: readonly Sheet[];
}

/** A picture of a run. */
export interface Sheet {
  /** What it shows, the same for all runs. */
  caption: string;
  png: Uint8Array;
}

/** @param machine - the backend in words */
export function reportPage(runs: readonly ReportedRun[], machine: string): string {
  const title = `${runs.map(({ name }) => name).join(', ')}: a comparison`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXML(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>${escapeXML(title)}</h1>
<p>${escapeXML(introduction(runs, machine))}</p>
${warning(runs)}
<h2>On the test images</h2>
${table(numbers(runs))}
<p class="note">Nats per image, lower is better: summed over pixels and latent dimensions, averaged over images. −ELBO = reconstruction + KL. The loss is the same, or what else the model minimises: the bound of an IWAE, or the reconstruction alone, which bounds nothing, of an autoencoder.</p>
<h2>What differs</h2>
${table(differences(runs))}
<h2>Over the epochs</h2>
<div class="charts">${charts(runs).join('\n')}</div>
${sheetSections(runs).join('\n')}
</body>
</html>
`;
}

function introduction(runs: readonly ReportedRun[], machine: string): string {
  const sizes = [...new Set(runs.map(({ measured }) => `${measured.images} test images`))].join(', ');
  return `${runs.length} ${runs.length === 1 ? 'model' : 'models'}, trained one after another on ${machine}; ${sizes}. Adam throughout.`;
}

/** Losses under different targets or densities are different quantities. */
function warning(runs: readonly ReportedRun[]): string {
  const kinds = (['data', 'binarization', 'likelihood'] as const).filter(
    (key) => new Set(runs.map(({ config }) => config[key])).size > 1,
  );
  if (kinds.length === 0) return '';
  return `<p class="warning">The runs differ in ${kinds.join(' and ')}: their losses are different quantities, and cannot be compared.</p>`;
}

/** Rows of cells, the first row being the head. */
type Rows = readonly (readonly string[])[];

function table([head = [], ...rows]: Rows): string {
  const row = (cells: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeXML(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('\n')}</tbody></table></div>`;
}

function numbers(runs: readonly ReportedRun[]): Rows {
  const hasNll = runs.some(({ measured }) => measured.nll !== undefined);
  const head = ['run', '−ELBO', 'reconstruction', 'KL', 'loss', ...(hasNll ? ['−log p(x)'] : [])];
  return [
    [...head, 'active units', 'weights', 'parameters', 'epochs', 'ms a step', 'training'],
    ...runs.map(({ name, measured, parameters, results }) => {
      const { negativeElbo, recon, kl, loss, nll, latent } = measured;
      const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
      const steps = results.map(({ msPerStep }) => msPerStep).sort((a, b) => a - b);
      return [
        name,
        negativeElbo?.toFixed(2) ?? '',
        negativeElbo === undefined ? '' : recon.toFixed(2),
        negativeElbo === undefined ? '' : kl.toFixed(2),
        loss.toFixed(2),
        ...(hasNll
          ? [
              nll === undefined
                ? ''
                : `${nll.nll.toFixed(2)} ± ${Number(nll.standardError.toPrecision(1))}${nll.of === 'p(x)' ? '' : ', of p(x|y)'}`,
            ]
          : []),
        latent === undefined ? '' : `${latent.active} of ${latent.dimensions}`,
        measured.weights,
        parameters.toLocaleString('en'),
        String(results.length),
        (steps[Math.floor(steps.length / 2)] ?? Number.NaN).toFixed(1),
        `${seconds.toFixed(1)} s`,
      ];
    }),
  ];
}

/** The options in which the runs are not all alike. */
function differences(runs: readonly ReportedRun[]): Rows {
  const own = runs.map(({ config }): Readonly<Record<string, unknown>> => effective(RUN_FIELDS, config));
  const textOf = (value: unknown): string => (value === undefined ? '–' : String(value));
  const keys = Object.keys(RUN_FIELDS).filter(
    (key) => new Set(own.map((values) => textOf(values[key]))).size > 1,
  );
  if (keys.length === 0)
    return [
      ['option', 'all runs'],
      ['everything', 'the same'],
    ];
  return [
    ['option', ...runs.map(({ name }) => name)],
    ...keys.map((key) => [key, ...own.map((values) => textOf(values[key]))]),
  ];
}

function charts(runs: readonly ReportedRun[]): string[] {
  const set = [...new Set(runs.map(({ heldOut }) => heldOut))].join(' or ');
  const parts = [
    { title: `Loss on the ${set} images`, of: (r: EpochResult) => r.test.loss },
    { title: `Reconstruction term on the ${set} images`, of: (r: EpochResult) => r.test.recon },
    { title: `KL term on the ${set} images`, of: (r: EpochResult) => r.test.kl, ofBoundsOnly: true },
    { title: 'Loss on the training images', of: (r: EpochResult) => r.train.loss },
  ];
  return parts.map(({ title, of, ofBoundsOnly }) => {
    // A run without such a term keeps its place, and so its colour.
    const series = runs.map(({ name, results, measured }) => {
      const shown = ofBoundsOnly && measured.negativeElbo === undefined ? [] : results;
      return { name, points: shown.map((result) => [result.epoch, of(result)] as const) };
    });
    const page = { title, xLabel: 'epoch', yLabel: 'nats per image', series, height: 360 };
    return `<figure class="chart">${lineChart(page)}</figure>`;
  });
}

/** One section for each kind of picture, with all runs beside each other. */
function sheetSections(runs: readonly ReportedRun[]): string[] {
  const captions = [...new Set(runs.flatMap(({ sheets }) => sheets.map(({ caption }) => caption)))];
  return captions.map((caption) => {
    const figures = runs.flatMap(({ name, sheets }) =>
      sheets
        .filter((sheet) => sheet.caption === caption)
        .map(({ png }) => {
          const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
          const text = escapeXML(`${name}: ${caption}`);
          return `<figure><img src="${source}" alt="${text}"><figcaption>${escapeXML(name)}</figcaption></figure>`;
        }),
    );
    const heading = caption.charAt(0).toUpperCase() + caption.slice(1);
    return `<h2>${escapeXML(heading)}</h2>\n<div class="sheets">${figures.join('\n')}</div>`;
  });
}
