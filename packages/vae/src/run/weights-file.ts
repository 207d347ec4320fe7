/** The file of a run's weights. Its metadata contain the configuration and the size of the images, so that the file is enough to rebuild the model. */
import { readFile } from 'node:fs/promises';
import { VarigradError } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors, type Module, type StateDict } from '@varigrad/nn';
import { writeFileAtomic } from '../files/atomic.js';
import type { ImageFacts } from './build-model.js';
import { parseConfig, RUN_OPTIONS, type RunConfig } from './run-config.js';
import { complete, effective } from './schema/complete.js';
import { shorten } from './usage-error.js';

/** What is needed to rebuild the model of a run. */
export interface ModelFacts {
  readonly config: RunConfig;
  readonly images: ImageFacts;
}

/** The contents of the file. Older files have no metadata. */
export interface SavedWeights {
  readonly tensors: StateDict;
  readonly about?: ModelFacts | undefined;
}

export async function writeWeightsFile(
  path: string,
  model: Module,
  { config, images: { imageShape, classes } }: ModelFacts,
): Promise<void> {
  const metadata = {
    config: JSON.stringify(effective(RUN_OPTIONS, config)),
    images: JSON.stringify({ shape: imageShape, classes }),
  };
  await writeFileAtomic(path, encodeSafetensors(model.stateDict(), metadata));
}

/** @throws VarigradError with the path if the file is damaged; UsageError if its configuration is refused */
export async function readWeightsFile(path: string): Promise<SavedWeights> {
  const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
  if (metadata.config === undefined || metadata.images === undefined) return { tensors };
  const source = `${path}: metadata`;
  const config = complete(RUN_OPTIONS, parseConfig(metadata.config, source));
  return { tensors, about: { config, images: parseImageFacts(metadata.images, source) } };
}

/**
 * Reads `{"shape": [28, 28], "classes": 10}` from JSON.
 * @param source - the file, for messages
 * @param part - where it stands in the JSON. Default: all of it
 * @throws VarigradError if the text is anything else
 */
export function parseImageFacts(
  text: string,
  source: string,
  part: (json: { images?: unknown }) => unknown = (json) => json,
): ImageFacts {
  try {
    const { shape, classes } = Object(part(JSON.parse(text)));
    const [height, width, ...more] = shape;
    if (isCount(height, 1) && isCount(width, 1) && more.length === 0 && isCount(classes, 0))
      return { imageShape: [height, width], classes };
  } catch {}
  throw new VarigradError(source, `expected the shape and the classes of images, found ${shorten(text)}`);
}

function isCount(value: unknown, least: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= 65_536;
}
