/** `varigrad sample`, `varigrad reconstruct` and `varigrad figures`. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeSheet } from '../figures/png.js';
import { reconstructionFigure, sampledReconstructionFigure } from '../figures/reconstructions.js';
import { samplesFigure } from '../figures/samples.js';
import type { Sheet } from '../figures/sheets.js';
import { writeFileAtomic } from '../files/atomic.js';
import { FIGURES, type FigureSource, obstacleOf, writeDrawing } from '../run/figures.js';
import type { LoadedRun } from '../run/load-run.js';
import type { Output } from '../run/progress.js';
import { sampledTable } from '../run/sampled-table.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import { UsageError } from '../run/usage-error.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { MACHINE_OPTIONS } from './machine.js';
import { previewSamples } from './preview.js';
import { openImageRun, openNamedRun, TRAINED_OPTIONS } from './trained.js';

export const SHEET_OPTIONS = {
  columns: {
    group: 'The sheet:',
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 10,
    help: 'images per row',
  },
  seed: {
    group: 'The sheet:',
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    default: 0,
    help: 'seed of the samples',
  },
  out: {
    group: 'The sheet:',
    type: 'string',
    default: null,
    help: 'file name; one ends in .svg (with labels), one in .png (images only)',
    defaultText: 'in the folder of the run',
  },
} as const;

/** The number of rows, whose default depends on the command. */
const ROWS = {
  group: 'The sheet:',
  type: 'integer',
  minimum: 1,
  maximum: 1000,
  help: 'rows of images',
} as const;

/** The path of a sheet without its extension. @throws UsageError if it names a folder */
export function stemOf(path: string): string {
  const stem = path.replace(/\.(png|svg)$/i, '');
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && !/(^|[/\\])$/.test(stem)) return stem;
  throw new UsageError(
    `--out ${path}: expected the name of a file, such as ${join(isFolder ? path : dirname(`${path}x`), 'sheet.png')}`,
  );
}

/** Writes the SVG file and the PNG file of a sheet. @param stem - their path without the extension */
export async function writeFiles(stem: string, sheet: Sheet, out: Output): Promise<object> {
  const files = await writeSheet(stem, sheet);
  const [svg, png] = files;
  const [width, height] = [sheet.pixels.width, sheet.pixels.height].map((size) => size * sheet.scale);
  out.write(`${svg}\n${png}: ${width} × ${height} pixels\n`);
  return { files, width, height };
}

const SAMPLE_OPTIONS = {
  rows: { ...ROWS, default: 10 },
  ...SHEET_OPTIONS,
  label: {
    group: 'The sheet:',
    type: 'integer',
    minimum: 0,
    maximum: 255,
    default: null,
    help: 'class of the images, for a conditional model',
    defaultText: 'each in turn',
  },
} as const;

export const sample: Command = {
  summary: 'draw generated images: z from the prior, decoded',
  usage: '<run>',
  options: { ...SAMPLE_OPTIONS, weights: TRAINED_OPTIONS.weights, ...MACHINE_OPTIONS },
  notes:
    'The images are means of p(x|z). A model of a table writes rows × columns samples of p(x|z) as CSV, in the units of the table.',
  async run(line, { out }) {
    const {
      rows,
      columns,
      seed,
      label,
      out: path,
    } = complete(SAMPLE_OPTIONS, fromFlags(SAMPLE_OPTIONS, line.flags));
    const stem = path === null ? null : stemOf(path);
    const run = await openNamedRun(line);
    const { path: folder, model, imageShape, standardization } = run;
    if (label !== null && label >= model.classes)
      throw new UsageError(
        `--label ${label}: ${model.classes === 0 ? `a ${model.kind} is not conditional — leave --label out` : `the classes are 0 to ${model.classes - 1}`}`,
      );
    const which = label === null ? {} : { label };
    if (standardization !== undefined) {
      if (path !== null && !/\.csv$/i.test(path))
        throw new UsageError(`--out ${path}: expected a name that ends in .csv, for the rows of a table`);
      const file = path ?? join(folder, 'samples.csv');
      const options = { count: rows * columns, seed, ...which };
      await writeFileAtomic(file, await sampledTable(model, standardization, options));
      out.write(`${file}: ${rows * columns} rows, samples of p(x|z)\n`);
      return { run: folder, file };
    }
    const sheet = await samplesFigure(model, imageShape, { rows, columns, seed, ...which });
    const written = await writeFiles(stem ?? join(folder, 'samples'), sheet, out);
    await previewSamples(model, imageShape, out);
    return { run: folder, ...written };
  },
};

const RECONSTRUCT_OPTIONS = {
  rows: { ...ROWS, default: 4 },
  ...SHEET_OPTIONS,
  draws: {
    group: 'The sheet:',
    type: 'boolean',
    default: false,
    help: 'show a sample of p(x|z) beside its mean',
  },
} as const;

export const reconstruct: Command = {
  summary: 'draw test images and their reconstructions',
  usage: '<run>',
  options: { ...RECONSTRUCT_OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS },
  notes: 'Each image is encoded to the mean of q(z|x), and decoded to the mean of p(x|z).',
  async run(line, { out }) {
    const {
      rows,
      columns,
      seed,
      draws,
      out: path,
    } = complete(RECONSTRUCT_OPTIONS, fromFlags(RECONSTRUCT_OPTIONS, line.flags));
    const stem = path === null ? null : stemOf(path);
    const { path: folder, model, data } = await openImageRun(line);
    const { test } = await data();
    const sheet = draws
      ? await sampledReconstructionFigure(model, test, { rows, columns, seed })
      : await reconstructionFigure(model, test, { rows, columns });
    const written = await writeFiles(stem ?? join(folder, 'reconstructions'), sheet, out);
    return { run: folder, ...written };
  },
};

const FIGURES_OPTIONS = {
  only: {
    group: 'The figures:',
    type: 'array',
    items: { enum: Object.keys(FIGURES) },
    minItems: 1,
    default: null,
    help: 'names from the list below, comma-separated',
    defaultText: 'all that are possible for the model',
  },
  seed: {
    group: 'The figures:',
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    default: 0,
    help: 'seed of the samples',
  },
  out: {
    group: 'The figures:',
    type: 'string',
    default: null,
    help: 'folder for the figures',
    defaultText: 'figures/ in the folder of the run',
  },
} as const;

/** Inputs of the figures of a run. */
export async function figureSource(
  { config, model, metrics, heldOut, data }: LoadedRun,
  seed = 0,
): Promise<FigureSource> {
  const { test } = await data();
  return { model, test, seed, results: metrics, heldOut, targets: config.binarization };
}

async function runFigures(line: CommandLine, { out }: Terminal): Promise<object> {
  const { only, seed, out: path } = complete(FIGURES_OPTIONS, fromFlags(FIGURES_OPTIONS, line.flags));
  const opened = await openNamedRun(line);
  const source = await figureSource(opened, seed);
  const written: string[] = [];
  const leftOut: Record<string, string> = {};
  for (const [name, entry] of Object.entries(FIGURES)) {
    if (only !== null && !only.includes(name)) continue;
    const problem = obstacleOf(entry, source);
    if (problem !== undefined) {
      if (only !== null) throw new UsageError(`--only ${name}: ${problem}`);
      out.write(`${name}: left out, since ${problem}\n`);
      leftOut[name] = problem;
      continue;
    }
    const files = await writeDrawing(
      join(path ?? join(opened.path, 'figures'), name),
      await entry.draw(source),
    );
    out.write(files.map((file) => `${file}\n`).join(''));
    written.push(...files);
  }
  return { run: opened.path, files: written, leftOut };
}

export const figures: Command = {
  summary: 'draw every figure that is possible for a trained model',
  usage: '<run>',
  options: { ...FIGURES_OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS },
  notes: [
    'Figures:',
    ...Object.entries(FIGURES).map(([name, { help }]) => `  ${name.padEnd(26)}${help}`),
  ].join('\n'),
  run: runFigures,
};
