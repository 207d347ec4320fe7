/** Parts of a model as ONNX files. */
import { toOnnx } from '@varigrad/core/export';
import type { GenerativeModel } from '../models/model.js';
import { type ModelPart, partGraph } from './parts.js';

/**
 * A part of a model as an ONNX file (opset 17, float32) for any batch size. The weights have their names in the state dict. All
 * arguments and results are matrices with one row per image:
 * - 'encoder': x and, for a conditional model, one-hot labels → mu and logVar, or the codes of a model without them. A VQ-VAE also
 *   gives the indices of its codes, M2 the log-probabilities of the classes, `logClasses`.
 * - 'decoder': z and labels → outputs, the parameters of the likelihood (for Bernoulli: logits), and mean, the pixels of the mean image.
 * - 'model': x, labels and the noise eps → z, outputs and mean. eps is N(0, I) of `[batch, latent]`, or Gumbel noise for categories;
 *   a model with deterministic codes has no eps.
 * @returns the bytes of the file
 * @throws ArgumentError if the part has an operation without an ONNX form, or one that is not defined for every batch size
 */
export function exportOnnx(model: GenerativeModel, part: ModelPart): Uint8Array {
  const graph = partGraph('exportOnnx', model, part);
  const { kind, classes, latent, inputSize, likelihood } = model;
  return toOnnx(graph, {
    name: part,
    doc: `The ${part} of a ${kind} with ${likelihood.kind} likelihood, trained with varigrad.`,
    metadata: {
      kind,
      part,
      likelihood: likelihood.kind,
      latent: String(latent),
      pixels: String(inputSize),
      classes: String(classes),
    },
  });
}
