/** The functions of a model that can be exported: tensors by name in, tensors by name out. */
import { noGrad } from '@varigrad/core';
import { checkChoice } from '@varigrad/core/checks';
import { type ExportGraph, exportGraph, type NamedTensors } from '@varigrad/core/export';
import { checkModel } from '../checks.js';
import { hardMax } from '../distributions/categorical.js';
import { isLatentModel } from '../estimators/latent-model.js';
import type { GenerativeModel } from '../models/model.js';
import { RelaxedCategoricalVAE } from '../models/relaxed-categorical-vae.js';
import { SemiSupervisedVAE } from '../models/semi-supervised-vae.js';
import { VQVAE } from '../models/vq-vae.js';
import { inEvaluationMode } from '../over-batches.js';

/** A part of a model that is exported as one function. */
export type ModelPart = 'encoder' | 'decoder' | 'model';

/** The width of each argument of a part; each is `[batch, width]`. */
type Widths = Readonly<Record<string, number>>;

/** A part: its arguments and its results. */
interface PartEntry {
  inputs(model: GenerativeModel): Widths;
  compute(model: GenerativeModel, inputs: NamedTensors): NamedTensors;
}

const labelsOf = ({ classes }: GenerativeModel): Widths => (classes > 0 ? { labels: classes } : {});

/** Whether a code is drawn with noise. */
const takesNoise = (model: GenerativeModel): boolean =>
  isLatentModel(model) || model instanceof RelaxedCategoricalVAE;

/** The parameters of q(z|x), or the code of a model whose code is not a Gaussian. */
function encode(model: GenerativeModel, { x, labels }: NamedTensors): NamedTensors {
  if (isLatentModel(model)) {
    const { mu, logVar } = model.encode(x!, labels);
    return { mu, logVar, ...(model instanceof SemiSupervisedVAE && { logClasses: model.classify(x!) }) };
  }
  const codes = model.codes(x!, labels);
  return model instanceof VQVAE ? { codes, indices: model.codeIndices(x!) } : { codes };
}

/** The likelihood's parameters, and the mean image. */
function decode(model: GenerativeModel, { z, labels }: NamedTensors): NamedTensors {
  const outputs = model.decode(z!, labels);
  return { outputs, mean: model.likelihood.mean(outputs) };
}

/** One code per image: a sample with the noise eps, or the code of a deterministic encoder. */
function sample(model: GenerativeModel, { x, labels, eps }: NamedTensors): NamedTensors {
  if (isLatentModel(model)) return { z: model.posterior.draw(model.encode(x!, labels), eps!).z };
  if (!(model instanceof RelaxedCategoricalVAE)) return { z: model.codes(x!, labels) };
  const logQ = model.logProbs(x!);
  return { z: hardMax(logQ.add(eps!.reshape(logQ.shape))).reshape([x!.shape[0]!, model.latent]) };
}

const PARTS: Readonly<Record<ModelPart, PartEntry>> = {
  encoder: { inputs: (model) => ({ x: model.inputSize, ...labelsOf(model) }), compute: encode },
  decoder: { inputs: (model) => ({ z: model.latent, ...labelsOf(model) }), compute: decode },
  model: {
    inputs: (model) => ({
      x: model.inputSize,
      ...labelsOf(model),
      ...(takesNoise(model) && { eps: model.latent }),
    }),
    compute: (model, inputs) => {
      const { z } = sample(model, inputs);
      return { z: z!, ...decode(model, { ...inputs, z: z! }) };
    },
  },
};

/** Names of the parts. */
export const MODEL_PARTS: Readonly<Record<ModelPart, true>> = { encoder: true, decoder: true, model: true };

/** Computes a part in evaluation mode. The arguments and the results are those of `partGraph`. */
export function computePart(model: GenerativeModel, part: ModelPart, inputs: NamedTensors): NamedTensors {
  return inEvaluationMode(model, () => noGrad(() => PARTS[part].compute(model, inputs)));
}

/** The width of each argument of a part, in order. @throws ArgumentError unless the arguments are a model and a part */
export function partInputs(op: string, model: GenerativeModel, part: ModelPart): Widths {
  checkModel(op, model);
  checkChoice(op, 'part', part, MODEL_PARTS);
  return PARTS[part].inputs(model);
}

/** The operations of a part for any batch size, with the names of the weights. */
export function partGraph(op: string, model: GenerativeModel, part: ModelPart): ExportGraph {
  const inputs = Object.entries(partInputs(op, model, part)).map(
    ([name, width]) => [name, ['batch', width]] as const,
  );
  return exportGraph((tensors) => computePart(model, part, tensors), {
    inputs: Object.fromEntries(inputs),
    names: model.namedTensors(),
  });
}
