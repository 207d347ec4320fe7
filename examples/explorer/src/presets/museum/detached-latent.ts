import { type Tensor, tensor } from '@varigrad/core';
import { recordGraph, whyNoGrad } from '@varigrad/core/trace';
import { type Exhibit, exhibit, type Preset } from '../preset.js';

/** An autoencoder of one latent number: z = x · encoder, x̂ = z · decoder, ½‖x̂ − x‖². */
function step(detached: boolean): Exhibit {
  const x = tensor([[1, 2]]).named('x');
  const encoder = tensor([[0.5], [0.25]])
    .requiresGrad_()
    .named('encoder.weight');
  const decoder = tensor([[2, 1]])
    .requiresGrad_()
    .named('decoder.weight');
  const loss = (): Tensor => {
    const code = x.matmul(encoder).named('code');
    const z = detached ? code.detach().named('z') : code;
    const output = z.matmul(decoder).named('output');
    return output.sub(x).square().sum().mul(0.5).named('loss');
  };
  const graph = recordGraph(loss);
  const { reason, message } = whyNoGrad(encoder, loss);
  return exhibit(
    graph,
    [x, encoder, decoder],
    [
      { node: 'output', of: 'value', numbers: [2, 1], because: 'z = 1 · 0.5 + 2 · 0.25 = 1' },
      { node: 'loss', of: 'value', numbers: [1], because: '½(1 + 1)' },
      { node: 'decoder.weight', of: 'gradient', numbers: [1, -1], because: 'z · (output − x)' },
      {
        node: 'encoder.weight',
        of: 'gradient',
        numbers: detached ? 'none' : [1, 2],
        because: detached ? 'cut off at z' : '(1 · 2 − 1 · 1) · x',
      },
    ],
    [{ tool: 'whyNoGrad', says: `${reason}: ${message}` }],
  );
}

/** A detached latent: the decoder learns, the encoder does not. */
export const detachedLatent: readonly Preset[] = [
  {
    id: 'detached-bad',
    title: 'A detached latent',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'z = code.detach() shares the values of `code` but not its history. The loss still decreases, since the decoder learns; the encoder never changes. Common causes: a detach() left over from plotting, a new tensor made from values that were read, or sampling inside noGrad.',
      'In the graph the arrow from code to z is dashed: values pass, gradients do not.',
    ],
    run: () => step(true),
  },
  {
    id: 'detached-good',
    title: 'The latent on the tape',
    group: 'Bug museum',
    verdict: 'known good',
    prose: ['The same without detach(): the same values and the same loss, and the encoder has a gradient.'],
    run: () => step(false),
  },
];
