/** `varigrad sample`, `varigrad reconstruct` and `varigrad figures`. */
import { join } from 'node:path';
import { writeSheet } from '../figures/png.js';
import { reconstructionFigure, sampledReconstructionFigure } from '../figures/reconstructions.js';
import { samplesFigure } from '../figures/samples.js';
import type { Sheet } from '../figures/sheets.js';
import { complete, type Fields, fromFlags, onOff, path, someOf, wholeNumber } from '../run/fields.js';
import { FIGURES, type FigureSource, writeDrawing } from '../run/figures.js';
import type { OpenRun } from '../run/open-run.js';
import type { Output } from '../run/progress.js';
import { UsageError } from '../run/usage-error.js';
import { type Command, type CommandLine, flagsOf, type Terminal } from './command.js';
import { MACHINE_FIELDS } from './machine.js';
import { previewSamples } from './preview.js';
import { openNamedRun, TRAINED_FIELDS } from './trained.js';

interface SheetFields {
  rows: number;
  columns: number;
  seed: number;
  out: string | null;
}

const SHEET = 'The sheet:';

const sheetFields = (rows: number): Fields<SheetFields> => ({
  rows: { group: SHEET, kind: wholeNumber(1, 1000), standard: rows, help: 'rows of images' },
  columns: { group: SHEET, kind: wholeNumber(1, 100), standard: 10, help: 'images per row' },
  seed: { group: SHEET, kind: wholeNumber(0, 2 ** 31 - 1), standard: 0, help: 'seed of the samples' },
  out: {
    group: SHEET,
    kind: path,
    standard: null,
    help: 'file name; one ends in .svg (with labels), one in .png (images only)',
    standardText: 'in the folder of the run',
  },
});

/** Writes the SVG file and the PNG file of a sheet. @param path - with or without one of the two extensions */
async function writeFiles(path: string, sheet: Sheet, out: Output): Promise<void> {
  const [svg, png] = await writeSheet(path.replace(/\.(png|svg)$/, ''), sheet);
  const [width, height] = [sheet.pixels.width, sheet.pixels.height].map((size) => size * sheet.scale);
  out.write(`${svg}\n${png}: ${width} × ${height} pixels\n`);
}

interface SampleFields extends SheetFields {
  label: number | null;
}

const SAMPLE: Fields<SampleFields> = {
  ...(sheetFields(10) as Fields<SampleFields>),
  label: {
    group: SHEET,
    kind: wholeNumber(0, 255),
    standard: null,
    help: 'class of the images, for a conditional model',
    standardText: 'each in turn',
  },
};

export const sample: Command = {
  summary: 'draw generated images: z from the prior, decoded',
  usage: '<run>',
  flags: { ...flagsOf(SAMPLE), ...flagsOf(TRAINED_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: 'The images are means of p(x|z).',
  async run(line, { out }) {
    const { rows, columns, seed, label, out: path } = complete(SAMPLE, fromFlags(SAMPLE, line.flags));
    const { folder, model, data } = await openNamedRun(line);
    if (label !== null && label >= model.classes)
      throw new UsageError(
        `--label ${label}: ${model.classes === 0 ? `a ${model.kind} is not conditional — leave --label out` : `the classes are 0 to ${model.classes - 1}`}`,
      );
    const which = label === null ? {} : { label };
    const sheet = await samplesFigure(model, data.test.imageShape, { rows, columns, seed, ...which });
    await writeFiles(path ?? folder.file('samples.png'), sheet, out);
    await previewSamples(model, data.test.imageShape, out);
  },
};

interface ReconstructFields extends SheetFields {
  draws: boolean;
}

const RECONSTRUCT: Fields<ReconstructFields> = {
  ...(sheetFields(4) as Fields<ReconstructFields>),
  draws: { group: SHEET, kind: onOff, standard: false, help: 'show a sample of p(x|z) beside its mean' },
};

export const reconstruct: Command = {
  summary: 'draw test images and their reconstructions',
  usage: '<run>',
  flags: { ...flagsOf(RECONSTRUCT), ...flagsOf(TRAINED_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: 'Each image is encoded to the mean of q(z|x), and decoded to the mean of p(x|z).',
  async run(line, { out }) {
    const {
      rows,
      columns,
      seed,
      draws,
      out: path,
    } = complete(RECONSTRUCT, fromFlags(RECONSTRUCT, line.flags));
    const { folder, model, data } = await openNamedRun(line);
    const sheet = draws
      ? await sampledReconstructionFigure(model, data.test, { rows, columns, seed })
      : await reconstructionFigure(model, data.test, { rows, columns });
    await writeFiles(path ?? folder.file('reconstructions.png'), sheet, out);
  },
};

interface FiguresFields {
  only: readonly string[] | null;
  seed: number;
  out: string | null;
}

const FIGURES_FIELDS: Fields<FiguresFields> = {
  only: {
    group: 'The figures:',
    kind: someOf(Object.keys(FIGURES)),
    standard: null,
    help: 'names from the list below, comma-separated',
    standardText: 'all that are possible for the model',
  },
  seed: {
    group: 'The figures:',
    kind: wholeNumber(0, 2 ** 31 - 1),
    standard: 0,
    help: 'seed of the samples',
  },
  out: {
    group: 'The figures:',
    kind: path,
    standard: null,
    help: 'folder for the figures',
    standardText: 'figures/ in the folder of the run',
  },
};

/** Inputs of the figures of a run. */
export async function figureSource(
  { folder, config, model, data }: OpenRun,
  seed = 0,
): Promise<FigureSource> {
  const results = await folder.readMetrics();
  const heldOut = config.validation > 0 ? 'validation' : 'test';
  return { model, test: data.test, seed, results, heldOut, targets: config.binarization };
}

async function runFigures(line: CommandLine, { out }: Terminal): Promise<void> {
  const { only, seed, out: path } = complete(FIGURES_FIELDS, fromFlags(FIGURES_FIELDS, line.flags));
  const opened = await openNamedRun(line);
  const source = await figureSource(opened, seed);
  for (const [name, { draw, obstacle }] of Object.entries(FIGURES)) {
    if (only !== null && !only.includes(name)) continue;
    const problem = obstacle?.(source);
    if (problem !== undefined) {
      if (only !== null) throw new UsageError(`--only ${name}: ${problem}`);
      out.write(`${name}: left out, since ${problem}\n`);
      continue;
    }
    const files = await writeDrawing(join(path ?? opened.folder.file('figures'), name), await draw(source));
    out.write(files.map((file) => `${file}\n`).join(''));
  }
}

export const figures: Command = {
  summary: 'draw every figure that is possible for a trained model',
  usage: '<run>',
  flags: { ...flagsOf(FIGURES_FIELDS), ...flagsOf(TRAINED_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: [
    'Figures:',
    ...Object.entries(FIGURES).map(([name, { help }]) => `  ${name.padEnd(26)}${help}`),
  ].join('\n'),
  run: runFigures,
};
