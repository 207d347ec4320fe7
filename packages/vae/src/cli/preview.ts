import { Generator } from '@varigrad/core';
import { drawnShape, type ImageShape } from '../data/image-shape.js';
import { decodeImages } from '../figures/decode.js';
import { terminalImages } from '../figures/terminal.js';
import type { GenerativeModel } from '../models/model.js';
import type { Output } from '../run/progress.js';

const MAX_IMAGES = 10;

/** Prints samples side by side, as many as fit the terminal. Prints nothing if the terminal has no colour or is too narrow. */
export async function previewSamples(
  model: GenerativeModel,
  imageShape: ImageShape,
  out: Output,
): Promise<void> {
  const depth = out.isTTY === true ? (out.getColorDepth?.() ?? 1) : 1;
  const count = Math.min(MAX_IMAGES, Math.floor(((out.columns || 80) + 1) / (drawnShape(imageShape)[2] + 1)));
  if (depth < 8 || count === 0) return;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % Math.max(1, model.classes));
  const images = await decodeImages(model, labels, (oneHot) =>
    model.samplePrior(count, {
      generator: new Generator(0),
      labels: oneHot,
    }),
  );
  out.write(`\n${terminalImages(images, { imageShape, columns: count, depth: depth >= 24 ? 24 : 8 })}\n`);
}
