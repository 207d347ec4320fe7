/** Reads a trained model from any of the places that hold one. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { GenerativeModel } from '../models/model.js';
import type { OnBackend } from '../one-backend.js';
import { buildModel, type ImageFacts } from './build-model.js';
import { loadData } from './data.js';
import type { RunConfig } from './run-config.js';
import { RunFolder, type Weights } from './run-folder.js';
import { shorten, UsageError } from './usage-error.js';
import {
  checkClaim,
  loadWeights,
  type ModelFacts,
  readWeightsFile,
  type SavedWeights,
} from './weights-file.js';

/** A trained model, and what is needed to build it again. */
export interface Pretrained extends ImageFacts {
  readonly model: GenerativeModel;
  readonly config: RunConfig;
}

/** A model that was read. */
export interface LoadedModel extends Pretrained {
  /** Its folder. */
  readonly path: string;
  /** Which weights the model has: 'best' or 'last' of a run, or the name of the file. */
  readonly weights: string;
}

interface Saved extends ModelFacts {
  readonly folder: RunFolder;
  readonly weights: string;
  readonly saved: SavedWeights;
}

/**
 * Reads a model.
 * @param path - the folder of a run; the folder of a model; or a file of weights with a configuration
 * @throws UsageError if there is no model or no such weights; VarigradError if a file is damaged
 */
export async function readModel(
  on: OnBackend,
  path: string,
  which?: Weights,
): Promise<{ folder: RunFolder; loaded: LoadedModel }> {
  const isFile = existsSync(path) && statSync(path).isFile();
  const { folder, weights, saved, config, images } = await (isFile ? fromFile : fromFolder)(path, which);
  checkClaim({ config, images }, saved);
  const model = on(() => {
    const built = buildModel(config, images);
    loadWeights(built, saved);
    return built;
  });
  const { imageShape, classes, count, standardization } = images; // which may be those of a whole data set
  const facts = { imageShape, classes, count, standardization };
  return { folder, loaded: { path: folder.path, model, config, weights, ...facts } };
}

async function fromFile(path: string, which: Weights | undefined): Promise<Saved> {
  if (which !== undefined)
    throw new UsageError(`--weights ${which}: ${path} is one file — leave --weights out, or name the folder`);
  const saved = await readWeightsFile(path);
  if (saved.about === undefined)
    throw new UsageError(
      `${shorten(path)}: the file has no configuration — name the folder of its run, which has a config.json`,
    );
  return { folder: new RunFolder(dirname(path)), weights: basename(path), saved, ...saved.about };
}

/** The best weights of a run, or else the last ones; those of a model's folder, which has no others. */
async function fromFolder(path: string, which: Weights | undefined): Promise<Saved> {
  const folder = new RunFolder(path);
  const config = folder.readConfig('');
  const isModel = which === undefined && folder.has('model') && !folder.has('best') && !folder.has('last');
  const weights = which ?? (folder.has('best') ? 'best' : 'last');
  const file = folder.weightsFile(isModel ? 'model' : weights);
  const saved = await readWeightsFile(file);
  const images =
    (isModel ? folder.readModelImages() : undefined) ??
    saved.about?.images ??
    folder.readImageFacts() ??
    (await loadData(config.data, config)).train;
  return { folder, weights: isModel ? basename(file) : weights, saved, config, images };
}
