/** The decoder of a model as a JavaScript module. */
import { checkOptions } from '@varigrad/core/checks';
import type { ImageShape } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { DECODE, decoderScript, factsOf } from './decoder-script.js';

/** Options of `exportModule`. */
export interface ModuleOptions {
  /** Height and width of an image, or channels, height and width. */
  imageShape: ImageShape;
}

/** The two files of an exported module. */
export interface ExportedModule {
  /** JavaScript, an ES module without imports. */
  readonly code: string;
  /** Its TypeScript declarations. */
  readonly declarations: string;
}

/**
 * The decoder as an ES module without dependencies, with the weights in float32. It exports `decode(z, label)`, which returns the
 * pixels of the mean image of p(x|z) as a Float32Array with the bits of the reference backend, and the facts `kind`, `latent`,
 * `classes` and `imageShape`.
 * @throws ArgumentError if imageShape is not that of the model, or the decoder draws random numbers
 */
export function exportModule(model: GenerativeModel, options: ModuleOptions): ExportedModule {
  checkOptions('exportModule', options, { imageShape: true }, 'model, ');
  const { kind, latent, classes, imageShape } = factsOf('exportModule', model, options.imageShape);
  const isConditional = classes > 0;
  const about = `The decoder of a ${kind} with ${model.likelihood.kind} likelihood, trained with varigrad.`;
  return {
    code: `/* ${about} */
export const kind = ${JSON.stringify(kind)};
export const latent = ${latent};
export const classes = ${classes};
export const imageShape = [${imageShape.join(', ')}];
export ${DECODE}
${decoderScript(model)}`,
    declarations: `/** ${about} */

/** The kind of the model. */
export declare const kind: string;
/** Length of z. */
export declare const latent: ${latent};
/** Number of classes; 0 for a model without labels. */
export declare const classes: ${classes};
/** ${imageShape.length === 2 ? 'Height and width' : 'Channels, height and width'} of an image. */
export declare const imageShape: readonly [${imageShape.join(', ')}];
/**
 * The mean image of p(x|z${isConditional ? ', y' : ''}): ${imageShape.join(' × ')} values, ${imageShape.length === 2 ? '' : 'one channel after the other, '}row by row; 0 is black and 1 is white.
 * @param z - ${latent} numbers${isConditional ? `\n * @param label - the class, from 0 to ${classes - 1}` : ''}
 */
export declare function decode(z: ArrayLike<number>${isConditional ? ', label: number' : ''}): Float32Array;
`,
  };
}
