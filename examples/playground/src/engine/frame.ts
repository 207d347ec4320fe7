/** What the page shows of a model between two steps: codes, decoded images, KL and gradient norms. */
import { noGrad, norm, oneHot, scope, standardNormalKl, type Tensor, tensor } from '@varigrad/core';
import { ACTIVE_VARIANCE, Autoencoder, type Dataset, firstOf, pixelsOf } from '@varigrad/vae';
import type { Model } from './build.js';
import { CODES, codeAt, MANIFOLD, REACH, SHOWN, STYLES, type View } from './view.js';

/** q(z|x) of an image and its reconstruction. sigma is empty for an autoencoder. */
export interface Probe {
  readonly mu: Float32Array;
  readonly sigma: Float32Array;
  readonly image: Float32Array;
}

/** A picture of the model. Images are float32 grey values, image after image. */
export interface Frame {
  /** mu of each test image, `[count · latent]`. */
  readonly codes: Float32Array;
  readonly labels: Uint8Array;
  readonly axes: readonly [number, number];
  /** Mean KL of each dimension over these images in nats, `[latent]`; empty for an autoencoder. */
  readonly kl: Float32Array;
  /** Dimensions whose code varies over the images: its variance is above 0.01. */
  readonly active: readonly number[];
  /** `MANIFOLD`² images, decoded on the square from −`REACH` to `REACH` of the plane, row by row from the top. */
  readonly manifold: Float32Array;
  /** For a conditional model: `STYLES` images of each class, class by class; each column has one z. */
  readonly styles: Float32Array | null;
  /** The first test images. */
  readonly originals: Float32Array;
  readonly reconstructions: Float32Array;
  /** The image of `View.point`. */
  readonly decoded: Float32Array | null;
  /** For `View.probe`. */
  readonly probe: Probe | null;
  /** Norm of each parameter's gradient in the last step. */
  readonly gradients: readonly { readonly name: string; readonly norm: number }[];
}

/** Computes without recording, and frees what is not returned. */
function compute<T extends Tensor | Record<string, Tensor | null>>(f: () => T): T {
  return scope(() => noGrad(f));
}

/** Reads a tensor and frees it. */
async function take(t: Tensor | null): Promise<Float32Array> {
  if (t === null) return new Float32Array(0);
  const values = Float32Array.from(await t.data());
  t.dispose();
  return values;
}

/**
 * Computes a frame of the weights as they are at the call: everything is computed before the first wait.
 * @param data - test images, of which the first 500 are encoded
 * @param axes - the dimensions of the plane, unless the view has its own
 */
export async function frameOf(
  model: Model,
  data: Dataset,
  view: View,
  axes: readonly [number, number],
): Promise<Frame> {
  const shown = firstOf(data, CODES);
  const used = view.axes ?? axes;
  const parameters = Array.from(model.namedParameters(), ([name, parameter]) => ({
    name,
    gradient: parameter.peekGrad(),
  }));
  const { mu, kl, reconstructions } = compute(() => encodeAll(model, shown));
  const [codes, klValues, images, manifold, styles, decoded, probe, norms] = await Promise.all([
    take(mu),
    take(kl),
    take(reconstructions),
    take(compute(() => decode(model, plane(model.latent, used), view.label))),
    model.classes > 0 ? take(compute(() => classStyles(model, used))) : null,
    view.point === null ? null : take(compute(() => decode(model, [view.point!], view.label))),
    view.probe === null ? null : probeOf(model, view.probe, view.label),
    Promise.all(
      parameters.map(({ gradient }) => take(gradient === null ? null : compute(() => norm(gradient)))),
    ),
  ]);
  return {
    codes,
    labels: shown.labels.slice(),
    axes: used,
    kl: klValues,
    active: [...variances(codes, model.latent)].flatMap((v, i) => (v > ACTIVE_VARIANCE ? [i] : [])),
    manifold,
    styles,
    originals: shown.images.slice(0, SHOWN * pixelsOf(shown)),
    reconstructions: images,
    decoded,
    probe,
    gradients: parameters.map(({ name }, i) => ({ name, norm: norms[i]?.[0] ?? 0 })),
  };
}

/** The two dimensions with the largest KL, or the largest variance if there is no KL. */
export function widestAxes({ codes, kl }: Pick<Frame, 'codes' | 'kl'>, latent: number): [number, number] {
  const measure = kl.length > 0 ? kl : variances(codes, latent);
  const order = [...measure.keys()].sort((a, b) => measure[b]! - measure[a]! || a - b);
  return [order[0] ?? 0, order[1] ?? 1].sort((a, b) => a - b) as [number, number];
}

/** Labels of one class for some rows; undefined for a model without classes. */
function labelsOf(model: Model, label: number, rows: number): Tensor | undefined {
  return model.classes > 0
    ? oneHot(new Array<number>(rows).fill(Math.min(label, model.classes - 1)), model.classes)
    : undefined;
}

/** mu, and log σ² unless the model is an autoencoder. */
function encode(model: Model, x: Tensor, labels: Tensor | undefined): { mu: Tensor; logVar: Tensor | null } {
  return model instanceof Autoencoder ? { mu: model.codes(x), logVar: null } : model.encode(x, labels);
}

function encodeAll(model: Model, data: Dataset): { mu: Tensor; kl: Tensor | null; reconstructions: Tensor } {
  const x = tensor(data.images, { shape: [data.count, pixelsOf(data)] });
  const labels = model.classes > 0 ? oneHot([...data.labels], model.classes) : undefined;
  const { mu, logVar } = encode(model, x, labels);
  const outputs = model.decode(mu.slice(0, SHOWN), labels?.slice(0, SHOWN));
  return {
    mu: mu.clone(),
    kl: logVar === null ? null : standardNormalKl(mu, logVar).mean({ axis: 0 }),
    reconstructions: model.likelihood.mean(outputs),
  };
}

function decode(model: Model, codes: readonly (readonly number[])[], label: number): Tensor {
  const z = tensor(Float32Array.from(codes.flat()), { shape: [codes.length, model.latent] });
  return model.likelihood.mean(model.decode(z, labelsOf(model, label, codes.length)));
}

/** Codes on a square grid of two dimensions, from the top row; the other dimensions are 0. */
function plane(latent: number, axes: readonly [number, number]): number[][] {
  const at = (i: number): number => REACH * ((2 * i) / (MANIFOLD - 1) - 1);
  return Array.from({ length: MANIFOLD * MANIFOLD }, (_, i) =>
    codeAt(latent, axes, at(i % MANIFOLD), -at(Math.floor(i / MANIFOLD))),
  );
}

/** Every class with the same codes, which lie on a zigzag through the plane. */
function classStyles(model: Model, axes: readonly [number, number]): Tensor {
  const codes = Array.from({ length: STYLES }, (_, i) =>
    codeAt(model.latent, axes, 2 * ((2 * i) / (STYLES - 1) - 1), i % 2 === 0 ? 0.8 : -0.8),
  );
  const rows = Array.from({ length: model.classes }, (_, label) => codes.map(() => label)).flat();
  const z = tensor(Float32Array.from(rows.flatMap((_, i) => codes[i % STYLES]!)), {
    shape: [rows.length, model.latent],
  });
  return model.likelihood.mean(model.decode(z, oneHot(rows, model.classes)));
}

async function probeOf(model: Model, image: Float32Array, label: number): Promise<Probe> {
  const computed = compute(() => {
    const labels = labelsOf(model, label, 1);
    const { mu, logVar } = encode(model, tensor(image, { shape: [1, image.length] }), labels);
    return {
      mu: mu.clone(),
      sigma: logVar === null ? null : logVar.mul(0.5).exp(),
      image: model.likelihood.mean(model.decode(mu, labels)),
    };
  });
  const [mu, sigma, reconstruction] = await Promise.all([
    take(computed.mu),
    take(computed.sigma),
    take(computed.image),
  ]);
  return { mu, sigma, image: reconstruction };
}

function variances(codes: Float32Array, latent: number): Float32Array {
  const count = codes.length / latent;
  return Float32Array.from({ length: latent }, (_, j) => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const value = codes[i * latent + j]!;
      sum += value;
      squares += value * value;
    }
    return squares / count - (sum / count) ** 2;
  });
}
