import { noGrad, standardNormalKl, type Tensor, tensor } from '@varigrad/core';
import { recordGraph, whyNoGrad } from '@varigrad/core/trace';
import { type Exhibit, type Expected, exhibit, type Finding, type Preset } from './preset.js';

type Sampler = (mu: Tensor, logVar: Tensor, eps: Tensor) => Tensor;

/** z = mu + σ ε: the reparameterization trick. */
const pathwise: Sampler = (mu, logVar, eps) => mu.add(logVar.mul(0.5).exp().mul(eps));

/** ½‖z − x‖² + KL(N(mu, σ²) ‖ N(0, 1)) with z from `sample`, at mu = (2, −1), σ = (1, 2), x = (1, 1). */
function gaussianStep(sample: Sampler, noise: readonly number[], expected: readonly Expected[]): Exhibit {
  const mu = tensor([2, -1]).requiresGrad_().named('mu');
  const logVar = tensor([0, Math.log(4)])
    .requiresGrad_()
    .named('logVar');
  const eps = tensor(noise).named('eps');
  const x = tensor([1, 1]).named('x');
  const reconstruction = (): Tensor =>
    sample(mu, logVar, eps).named('z').sub(x).square().sum().mul(0.5).named('recon');
  const graph = recordGraph(() => {
    const recon = reconstruction();
    const kl = standardNormalKl(mu, logVar).sum().named('kl');
    return recon.add(kl).named('loss');
  });
  const findings = [mu, logVar].map((parameter): Finding => {
    const { reason, message } = whyNoGrad(parameter, reconstruction);
    return { tool: `whyNoGrad(${parameter.label}, recon)`, says: `${reason}: ${message}` };
  });
  return exhibit(graph, [mu, logVar, eps, x], expected, findings);
}

/** ½(4 + 0) + ½(1 + 4 − 1 − ln 4) */
const KL = 2 + 0.5 * (4 - Math.log(4));
const SETTING =
  'A posterior N(mu, σ²) with mu = (2, −1) and σ = exp(½ logVar) = (1, 2), a sample z, and the loss ½‖z − x‖² + KL(N(mu, σ²) ‖ N(0, 1)) for x = (1, 1).';

const withTrick: Preset = {
  id: 'reparameterization',
  title: 'With the trick, ε = (1, −½)',
  group: 'Reparameterization',
  prose: [
    `${SETTING} The noise ε is sampled first and is a constant: z = mu + σ ε is then a differentiable function of mu and logVar.`,
    'Both receive gradients on two paths: through z, and through the KL term. At logVar the part through z is (z − x) · ε · σ / 2: noise that increased the loss decreases σ.',
  ],
  run: () =>
    gaussianStep(
      pathwise,
      [1, -0.5],
      [
        { node: 'z', of: 'value', numbers: [3, -2], because: 'mu + σ ε' },
        { node: 'recon', of: 'value', numbers: [6.5], because: '½(4 + 9)' },
        { node: 'loss', of: 'value', numbers: [6.5 + KL], because: 'recon + kl' },
        { node: 'z', of: 'gradient', numbers: [2, -3], because: 'z − x' },
        { node: 'mu', of: 'gradient', numbers: [4, -4], because: 'z − x, and mu from the KL term' },
        {
          node: 'logVar',
          of: 'gradient',
          numbers: [1, 3],
          because: '(1, 1.5) through z, ½(σ² − 1) = (0, 1.5) from the KL term',
        },
      ],
    ),
};

const withoutNoise: Preset = {
  id: 'reparameterization-mean',
  title: 'With the trick, ε = 0',
  group: 'Reparameterization',
  prose: [
    `${SETTING} With ε = 0 the sample is the mean, z = mu, as in a deterministic evaluation.`,
    'The path from z to logVar exists, but its local derivative contains the factor ε = 0: mul sends exact zeros. Only the KL term has a gradient for σ.',
  ],
  run: () =>
    gaussianStep(
      pathwise,
      [0, 0],
      [
        { node: 'z', of: 'value', numbers: [2, -1], because: 'mu' },
        { node: 'recon', of: 'value', numbers: [2.5], because: '½(1 + 4)' },
        {
          node: 'mu',
          of: 'gradient',
          numbers: [3, -3],
          because: '(1, −2) through z, (2, −1) from the KL term',
        },
        { node: 'logVar', of: 'gradient', numbers: [0, 1.5], because: '½(σ² − 1), from the KL term alone' },
      ],
    ),
};

const withoutTrick: Preset = {
  id: 'reparameterization-blocked',
  title: 'Without the trick: z is sampled, not computed',
  group: 'Reparameterization',
  prose: [
    `${SETTING} Here z is sampled from N(mu, σ²) by a function that is not recorded, like any random number generator. The values are bit for bit those of the version with the trick.`,
    'In the graph, no gradient passes z. mu and logVar still receive gradients from the KL term, which alone moves every posterior to N(0, 1), whatever x is.',
  ],
  run: () =>
    gaussianStep(
      (mu, logVar, eps) => noGrad(() => pathwise(mu, logVar, eps)),
      [1, -0.5],
      [
        { node: 'z', of: 'value', numbers: [3, -2], because: 'the same sample as with the trick' },
        { node: 'loss', of: 'value', numbers: [6.5 + KL], because: 'the same loss as with the trick' },
        {
          node: 'z',
          of: 'gradient',
          numbers: 'none',
          because: 'z needs no gradient: the operations before it are not recorded',
        },
        { node: 'mu', of: 'gradient', numbers: [2, -1], because: 'mu, from the KL term alone' },
        { node: 'logVar', of: 'gradient', numbers: [0, 1.5], because: '½(σ² − 1), from the KL term alone' },
      ],
    ),
};

/** z with ε, without ε, and without the trick. */
export const reparameterization: readonly Preset[] = [withTrick, withoutNoise, withoutTrick];
