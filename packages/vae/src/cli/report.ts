/** The page of `varigrad compare`: one HTML file that needs no other file. */
import { escapeXML } from '@varigrad/core/trace';
import { lineChart } from '../figures/line-chart.js';
import type { Measurement } from '../run/measure.js';
import { counted } from '../run/progress.js';
import { RUN_OPTIONS, type RunConfig } from '../run/run-config.js';
import { effective } from '../run/schema/complete.js';
import type { EpochResult } from '../train.js';
import { REPORT_SCRIPT } from './report-script.js';
import { REPORT_STYLE } from './report-style.js';

/** One run of a comparison. */
export interface ReportedRun {
  name: string;
  config: RunConfig;
  /** Number of learned parameters. */
  parameters: number;
  results: readonly EpochResult[];
  heldOut: 'test' | 'validation';
  measured: Measurement;
  figures: readonly ReportedFigure[];
}

/** A figure of a run. */
export interface ReportedFigure {
  /** What it shows, the same for all runs. */
  caption: string;
  /** A chart takes the colours of the page; a sheet of images stays on white. */
  kind: 'chart' | 'sheet';
  svg: string;
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
<p class="note">Nats per image, lower is better: summed over pixels and latent dimensions, averaged over images. −ELBO = reconstruction + KL. The loss is what the model minimises: −ELBO, the bound of an IWAE, or the reconstruction alone of an autoencoder, which is not a bound.</p>
<h2>What differs</h2>
${table(differences(runs))}
<h2>Over the epochs</h2>
<p class="note">Point at a line or a dot to read its value. Click a figure to enlarge it; there, the wheel or + and − zoom, dragging or the arrow keys move, a double click resets, and Esc closes.</p>
<div class="charts">${charts(runs).join('\n')}</div>
${figureSections(runs).join('\n')}
<div id="tip" role="status" hidden></div>
<dialog aria-label="Figure"></dialog>
<script type="module">${REPORT_SCRIPT}</script>
</body>
</html>
`;
}

function introduction(runs: readonly ReportedRun[], machine: string): string {
  const sizes = [...new Set(runs.map(({ measured }) => counted(measured.images, 'test image')))].join(', ');
  const optimizers = [...new Set(runs.map(({ config }) => config.optimizer))].join(', ');
  return `${runs.length} ${runs.length === 1 ? 'model' : 'models'}, trained one after another on ${machine}; ${sizes}. Optimizer: ${optimizers}.`;
}

/** A warning if the targets or densities differ: their losses are different quantities. */
function warning(runs: readonly ReportedRun[]): string {
  const kinds = (['data', 'binarization', 'likelihood'] as const).filter(
    (key) => new Set(runs.map(({ config }) => config[key])).size > 1,
  );
  if (kinds.length === 0) return '';
  return `<p class="warning">The runs differ in ${kinds.join(' and ')}: their losses are different quantities, and cannot be compared.</p>`;
}

/** Rows of cells; the first row is the head. */
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

/** The options in which the runs differ. */
function differences(runs: readonly ReportedRun[]): Rows {
  const own = runs.map(({ config }): Readonly<Record<string, unknown>> => effective(RUN_OPTIONS, config));
  const textOf = (value: unknown): string => (value === undefined ? '–' : String(value));
  const keys = Object.keys(RUN_OPTIONS).filter(
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
    // A run without such a term keeps its index, and therefore its colour.
    const series = runs.map(({ name, results, measured }) => {
      const shown = ofBoundsOnly && measured.negativeElbo === undefined ? [] : results;
      return { name, points: shown.map((result) => [result.epoch, of(result)] as const) };
    });
    const page = { title, xLabel: 'epoch', yLabel: 'nats per image', series, height: 360 };
    return figure({ caption: title, kind: 'chart', svg: lineChart(page) }, '');
  });
}

/** One section for each kind of figure, with all runs beside each other. */
function figureSections(runs: readonly ReportedRun[]): string[] {
  const captions = [...new Set(runs.flatMap(({ figures }) => figures.map(({ caption }) => caption)))];
  return captions.map((caption) => {
    const shown = runs.flatMap(({ name, figures }) =>
      figures
        .filter((one) => one.caption === caption)
        .map((one) => figure(one, `<figcaption>${escapeXML(name)}</figcaption>`)),
    );
    const heading = caption.charAt(0).toUpperCase() + caption.slice(1);
    return `<h2>${escapeXML(heading)}</h2>\n<div class="figures">${shown.join('\n')}</div>`;
  });
}

function figure({ caption, kind, svg }: ReportedFigure, below: string): string {
  return `<figure class="${kind}" tabindex="0" aria-label="${escapeXML(caption)}">${svg}${below}</figure>`;
}
