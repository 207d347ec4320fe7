import { sameShape } from '@varigrad/core';
import type { GenerativeModel } from '../models/model.js';
import { type LoadedData, loadData } from './data.js';
import { buildModel } from './model-table.js';
import type { RunConfig } from './run-config.js';
import { RunFolder, type Weights } from './run-folder.js';
import { UsageError } from './usage-error.js';

/** A trained model and its images. */
export interface OpenRun {
  folder: RunFolder;
  config: RunConfig;
  model: GenerativeModel;
  data: LoadedData;
  weights: Weights;
}

/** Which run to open, and how. */
export interface OpenRunOptions {
  path: string;
  /** Default: the best weights, if the run has them. */
  weights?: Weights | undefined;
  /** Images to use instead of those of the run; see `loadData`. */
  data?: string | undefined;
}

/** Opens a trained run. @throws UsageError if there is no run or no such weights, or the images have another size */
export async function openRun({ path, weights, data: name }: OpenRunOptions): Promise<OpenRun> {
  const folder = new RunFolder(path);
  const config = folder.readConfig('');
  const own = await loadData(config.data);
  const data = name === undefined ? own : await loadData(name);
  const [shape, wanted] = [data.test.imageShape, own.test.imageShape];
  if (!sameShape(shape, wanted)) {
    const [found, expected] = [shape, wanted].map((s) => s.join(' × '));
    throw new UsageError(`--data ${name}: expected images of ${expected} pixels, found ${found}`);
  }
  const model = buildModel(config, own.train);
  const which = weights ?? (folder.has('best') ? 'best' : 'last');
  await folder.readWeights(which, model);
  return { folder, config, model, data, weights: which };
}
