/** Models as folders: `config.json`, `model.safetensors` and `README.md`, the layout of model hubs. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { ArgumentError } from '@varigrad/core';
import {
  checkChoice,
  checkOptions,
  checkText,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import type { EncodeSafetensorsOptions } from '@varigrad/nn';
import { checkImageShape, checkModel } from '../checks.js';
import { sizeOf } from '../data/image-shape.js';
import { writeFileAtomic } from '../files/atomic.js';
import type { GenerativeModel } from '../models/model.js';
import { type OnBackend, onOneBackend } from '../one-backend.js';
import { buildModel, type ImageFacts } from './build-model.js';
import type { Measurement } from './measure.js';
import { modelCard } from './model-card.js';
import { type LoadedModel, readModel } from './read-model.js';
import { RUN_OPTIONS, type RunConfig } from './run-config.js';
import { RunFolder } from './run-folder.js';
import { effective, fill } from './schema/complete.js';
import { fromJson } from './schema/values.js';
import { suggest, UsageError } from './usage-error.js';
import { encodeWeights, imagesJson, parseImageFacts } from './weights-file.js';

/** A model to save. A `LoadedRun` is one. */
export interface ModelToSave extends ImageFacts {
  readonly model: GenerativeModel;
  /** The options of `varigrad train` that build the model, with the names of config.json; others have their defaults. */
  readonly config: Partial<RunConfig>;
}

/** Options of `savePretrained`. */
export interface SavePretrainedOptions extends EncodeSafetensorsOptions {
  /** What `measureRun` returned, for the card. Default: the card says that nothing was measured. */
  measured?: Measurement;
  /** The license of the weights, for the card: 'mit'. */
  license?: string;
  /** The name by which the card's example loads the model. Default: `./` and the name of the folder. */
  name?: string;
}

const SAVE_OPTIONS: OptionNames<SavePretrainedOptions> = {
  dtype: true,
  measured: true,
  license: true,
  name: true,
};
const DTYPES = { F32: true, F16: true, BF16: true } as const;

/**
 * Writes a model as a folder: `model.safetensors`, `README.md` (the model card) and `config.json`, each atomically.
 * @param path - the folder, which is created; files of a model in it are replaced
 * @param trained - what `loadRun` or `fromPretrained` returned, or a model with the options that build it
 * @param options - the type of the weights, and what the card says
 * @throws ArgumentError if the options build another model; UsageError if an option is refused, or the folder holds a run; FileError if
 * a file cannot be written
 */
export function savePretrained(
  path: string,
  trained: ModelToSave,
  options: SavePretrainedOptions = {},
): Promise<void> {
  return onOneBackend((on) => save(on, path, trained, options));
}

async function save(
  on: OnBackend,
  path: string,
  trained: ModelToSave,
  options: SavePretrainedOptions,
): Promise<void> {
  checkPath('savePretrained', path);
  checkModel('savePretrained', trained?.model);
  checkOptions('savePretrained', options, SAVE_OPTIONS, 'path, trained, ');
  const { dtype = 'F32', measured, license, name = `./${basename(resolve(path))}` } = options;
  checkChoice('savePretrained', 'dtype', dtype, DTYPES);
  const folder = new RunFolder(path);
  if (folder.has('last') || existsSync(folder.file('checkpoint.safetensors')))
    throw new UsageError(`savePretrained ${path}: the folder holds a run — choose another folder`);
  const { model, imageShape, classes, count, standardization } = trained;
  checkImageShape('savePretrained', imageShape);
  if (sizeOf(imageShape) !== model.inputSize)
    throw new ArgumentError(
      'savePretrained',
      `imageShape must have the ${model.inputSize} values of the model, found ${imageShape.join(' × ')}`,
    );
  checkWhole('savePretrained', 'classes', classes, 0);
  if (count !== undefined) checkWhole('savePretrained', 'count', count);
  if (license !== undefined) checkText('savePretrained', 'license', license);
  checkText('savePretrained', 'name', name);
  if (measured !== undefined && typeof measured?.loss !== 'number')
    throw new ArgumentError(
      'savePretrained',
      `measured must be what measureRun returned, found ${describeValue(measured)}`,
    );
  const config = fill(RUN_OPTIONS, fromJson(RUN_OPTIONS, trained.config, 'savePretrained: config'));
  const images: ImageFacts = { imageShape, classes, count, standardization };
  parseImageFacts(JSON.stringify(imagesJson(images)), 'savePretrained'); // what fromPretrained would refuse
  const weights = await model.stateDictAsync();
  on(() => checkBuilds(model, config, images));
  const card = modelCard(
    { model, config, ...images },
    { title: basename(resolve(path)), name, dtype, license, measured },
  );
  const own = { ...effective(RUN_OPTIONS, config), images: imagesJson(images) };
  await writeFileAtomic(
    folder.file('model.safetensors'),
    encodeWeights(weights, { config, images }, { dtype }),
  );
  await writeFileAtomic(folder.file('README.md'), card);
  await writeFileAtomic(folder.file('config.json'), `${JSON.stringify(own, null, 2)}\n`);
}

/** @throws ArgumentError unless the configuration builds a model with the same layers and options */
function checkBuilds(model: GenerativeModel, config: RunConfig, images: ImageFacts): void {
  const [expected, found] = [buildModel(config, images), model].map((tree) => String(tree).split('\n'));
  const lines = Math.max(expected!.length, found!.length);
  for (let i = 0; i < lines; i++)
    if (expected![i] !== found![i])
      throw new ArgumentError(
        'savePretrained',
        `config must build the model: it has '${lineOf(expected!, i)}', and the model has '${lineOf(found!, i)}' — give the options that differ from the defaults`,
      );
}

const lineOf = (tree: readonly string[], i: number): string => tree[i]?.trim() ?? 'no more layers';

/**
 * Reads a trained model.
 * @param name - a folder by `savePretrained`; the folder of a run of `varigrad train`, of which `loadRun` also returns metrics and images;
 * a file of weights of either; or the name of a model of the package `@varigrad/zoo`
 * @throws UsageError if there is no such model, or the package is missing; VarigradError if a file is damaged
 */
export function fromPretrained(name: string): Promise<LoadedModel> {
  return onOneBackend(async (on) => {
    checkPath('fromPretrained', name);
    const { loaded } = await readModel(on, placeOf(name));
    return loaded;
  });
}

function checkPath(op: string, path: string): void {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(op, `the folder must be a non-empty string, found ${describeValue(path)}`);
}

/** The folder or file of a model. A name without a slash may be one of the zoo's. */
function placeOf(name: string): string {
  if (existsSync(name)) return name;
  if (/[/\\]|\.safetensors$/.test(name))
    throw new UsageError(`fromPretrained ${name}: there is no such folder`);
  const zoo = zooFolder(name);
  if (existsSync(join(zoo, name))) return join(zoo, name);
  const names = readdirSync(zoo);
  throw new UsageError(
    `fromPretrained ${name}: there is no such folder, and @varigrad/zoo has ${names.join(', ')}${suggest(name, names)}`,
  );
}

/** The folder of the zoo's models. @param find - the path of a module */
export function zooFolder(
  name: string,
  find: (module: string) => string = createRequire(import.meta.url).resolve,
): string {
  try {
    return join(dirname(find('@varigrad/zoo/package.json')), 'models');
  } catch {
    throw new UsageError(
      `fromPretrained ${name}: there is no such folder, and the package @varigrad/zoo, which has trained models, is not installed — install it, or name a folder`,
    );
  }
}
