/** `varigrad export`. */
import { basename, join, resolve } from 'node:path';
import { firstOf } from '../data/dataset.js';
import { hasPriorOrChoices } from '../export/controls.js';
import { exportModule } from '../export/module.js';
import { exportOnnx } from '../export/onnx.js';
import { exportPage } from '../export/page.js';
import { MODEL_PARTS, type ModelPart } from '../export/parts.js';
import { encodeImages } from '../figures/decode.js';
import { writeFileAtomic } from '../files/atomic.js';
import { evaluated } from '../over-batches.js';
import type { LoadedRun } from '../run/load-run.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import { UsageError } from '../run/usage-error.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { MACHINE_OPTIONS } from './machine.js';
import { openNamedRun, refuseTable, TRAINED_OPTIONS } from './trained.js';

const OPTIONS = {
  onnx: {
    group: 'The files:',
    type: 'boolean',
    default: false,
    help: 'encoder.onnx, decoder.onnx and model.onnx, for any batch size',
  },
  html: {
    group: 'The files:',
    type: 'boolean',
    default: false,
    help: 'decoder.html, a page that opens from disk: sliders for z, buttons for the classes',
  },
  esm: {
    group: 'The files:',
    type: 'boolean',
    default: false,
    help: 'decoder.mjs, a JavaScript module without dependencies, and decoder.d.mts, its types',
  },
  out: {
    group: 'The files:',
    type: 'string',
    default: null,
    help: 'folder for the files',
    defaultText: 'export/ in the folder of the run',
  },
} as const;

type Format = 'onnx' | 'html' | 'esm';
type Files = Readonly<Record<string, string | Uint8Array>>;

const FORMATS: Readonly<Record<Format, (run: LoadedRun) => Files | Promise<Files>>> = {
  onnx: ({ model }) =>
    Object.fromEntries(
      Object.keys(MODEL_PARTS).map((part) => [`${part}.onnx`, exportOnnx(model, part as ModelPart)]),
    ),
  html: async (run) => ({ 'decoder.html': await pageOf(run) }),
  esm: ({ model, imageShape }) => {
    const { code, declarations } = exportModule(model, { imageShape });
    return { 'decoder.mjs': code, 'decoder.d.mts': declarations };
  },
};

/** Test images whose codes define the sliders of a model without a prior. */
const IMAGES = 500;

async function pageOf(run: LoadedRun): Promise<string> {
  refuseTable(run, '--html shows images — use --esm or --onnx');
  const { model, imageShape, path, data } = run;
  const title = basename(resolve(path));
  if (hasPriorOrChoices(model)) return exportPage(model, { imageShape, title });
  const { test } = await data();
  const codes = evaluated(model, () => encodeImages(model, firstOf(test, IMAGES)));
  return exportPage(model, { imageShape, title, codes });
}

async function run(line: CommandLine, { out }: Terminal): Promise<object> {
  const { out: path, ...chosen } = complete(OPTIONS, fromFlags(OPTIONS, line.flags));
  const formats = (Object.keys(FORMATS) as Format[]).filter((format) => chosen[format]);
  if (formats.length === 0)
    throw new UsageError('no kind of file given — add --onnx, --html or --esm, or several of them');
  const opened = await openNamedRun(line);
  const files: string[] = [];
  for (const format of formats) {
    for (const [name, contents] of Object.entries(await FORMATS[format](opened))) {
      const file = join(path ?? join(opened.path, 'export'), name);
      await writeFileAtomic(file, contents);
      out.write(`${file}: ${sizeText(contents)}\n`);
      files.push(file);
    }
  }
  return { run: opened.path, files };
}

function sizeText(contents: string | Uint8Array): string {
  const bytes = typeof contents === 'string' ? Buffer.byteLength(contents) : contents.length;
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const exportCommand: Command = {
  summary: 'write a trained model as ONNX files, as a page, or as a JavaScript module',
  usage: '<run>',
  options: { ...OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS },
  notes: [
    'The page and the module contain the decoder alone, with its weights in float32. Files with these names are replaced.',
    'The page of an autoencoder takes the ranges of its sliders from test images.',
  ].join('\n'),
  run,
};
