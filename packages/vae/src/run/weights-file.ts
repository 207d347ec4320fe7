/** The file of a run's weights. Its metadata contain the configuration and the size of the images, so that the file is enough to rebuild the model. */
import { readFile } from 'node:fs/promises';
import { VarigradError } from '@varigrad/core';
import { decodeSafetensors, encodeSafetensors, type Module, type StateDict } from '@varigrad/nn';
import type { ImageFacts } from './build-model.js';
import { parseConfig, RUN_OPTIONS, type RunConfig } from './run-config.js';
import { complete, effective } from './schema/complete.js';

/** What the file contains. Files of runs before this was saved have no metadata. */
export interface SavedWeights {
  readonly tensors: StateDict;
  readonly about?: { readonly config: RunConfig; readonly images: ImageFacts } | undefined;
}

/** The contents of the file. */
export function encodeWeights(model: Module, about: { config: RunConfig; images: ImageFacts }): Uint8Array {
  const { imageShape, classes } = about.images;
  const metadata = {
    config: JSON.stringify(effective(RUN_OPTIONS, about.config)),
    images: JSON.stringify({ shape: imageShape, classes }),
  };
  return encodeSafetensors(model.stateDict(), metadata);
}

/** @throws VarigradError with the path if the file is damaged; UsageError if its configuration is refused */
export async function readWeightsFile(path: string): Promise<SavedWeights> {
  const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
  if (metadata.config === undefined || metadata.images === undefined) return { tensors };
  const source = `${path}: metadata`;
  const config = complete(RUN_OPTIONS, parseConfig(metadata.config, source));
  return { tensors, about: { config, images: parseImageFacts(metadata.images, source) } };
}

/** Parses `{"shape": [28, 28], "classes": 10}`. @param source - the file, for messages */
export function parseImageFacts(text: string, source: string): ImageFacts {
  try {
    const { shape, classes } = JSON.parse(text);
    const [height, width, ...more] = shape;
    if (isCount(height, 1) && isCount(width, 1) && more.length === 0 && isCount(classes, 0))
      return { imageShape: [height, width], classes };
  } catch {}
  throw new VarigradError(source, `expected the shape and the classes of images, found ${text.slice(0, 80)}`);
}

function isCount(value: unknown, least: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= 65_536;
}
