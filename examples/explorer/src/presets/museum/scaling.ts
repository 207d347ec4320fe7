import { standardNormalKl, tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { bceWithLogits } from '@varigrad/nn';
import { type Exhibit, exhibit, type Preset } from '../preset.js';

const PIXELS = [
  [1, 0, 1, 0],
  [0, 0, 1, 1],
];

/** A batch of 2 pictures of 4 pixels, logits 0, and a posterior that is off by mu = (1, 0), (0, 1). */
function step(averageOverPixels: boolean): Exhibit {
  const logits = tensor([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ])
    .requiresGrad_()
    .named('logits');
  const mu = tensor([
    [1, 0],
    [0, 1],
  ])
    .requiresGrad_()
    .named('mu');
  const logVar = tensor([
    [0, 0],
    [0, 0],
  ]).named('logVar');
  const x = tensor(PIXELS).named('pixels');
  const graph = recordGraph(() => {
    const nats = bceWithLogits(logits, x, { reduction: 'none' }).named('nats per pixel');
    const recon = (averageOverPixels ? nats.mean() : nats.sum({ axis: 1 }).mean()).named('recon');
    const kl = standardNormalKl(mu, logVar).sum({ axis: 1 }).mean().named('kl');
    return recon.add(kl).named('loss');
  });
  const count = averageOverPixels ? 8 : 2;
  return exhibit(
    graph,
    [logits, mu, logVar, x],
    [
      {
        node: 'recon',
        of: 'value',
        numbers: [averageOverPixels ? Math.LN2 : 4 * Math.LN2],
        because: averageOverPixels ? 'ln 2: nats per pixel' : '4 ln 2: nats per image',
      },
      { node: 'kl', of: 'value', numbers: [0.5], because: '½ |mu|² per image, in both versions' },
      {
        node: 'logits',
        of: 'gradient',
        numbers: PIXELS.flat().map((pixel) => (0.5 - pixel) / count),
        because: `(σ(0) − pixel) / ${count}`,
      },
      { node: 'mu', of: 'gradient', numbers: [0.5, 0, 0, 0.5], because: 'mu / 2, in both versions' },
    ],
  );
}

/** Reconstruction averaged over pixels, KL summed over dimensions: the most common bug in VAE code. */
export const scaling: readonly Preset[] = [
  {
    id: 'scaling-bad',
    title: 'Mean against sum: recon averaged over pixels',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'The reconstruction loss is averaged over the batch and over the pixels, the KL term over the batch only. With 4 pixels the weight of the reconstruction is 4 times too small; with the 784 pixels of MNIST, 784 times, as with beta = 784. The posterior collapses to the prior and every sample looks the same.',
      'Nothing fails and no gradient is missing, so no tool detects this bug; the graph shows it. The div that computes `recon` divides by 8 = batch · pixels, the one that computes `kl` by 2 = batch.',
    ],
    run: () => step(true),
  },
  {
    id: 'scaling-good',
    title: 'Mean against sum: both in nats per image',
    group: 'Bug museum',
    verdict: 'known good',
    prose: [
      'Both terms are summed over what belongs to one image (pixels, latent dimensions) and averaged over the batch: nats per image, the same number for every batch size.',
      'The gradient of the logits is 4 times that of the known-bad version; that of mu is the same.',
    ],
    run: () => step(false),
  },
];
