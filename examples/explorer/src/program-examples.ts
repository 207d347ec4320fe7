/** Example programs for the editor. */

/** A program by its name in the menu. */
export interface ProgramExample {
  readonly title: string;
  readonly text: string;
}

const LOGISTIC = `import { tensor } from '@varigrad/core';
import { bceWithLogits } from '@varigrad/nn';

// Leaves have names; those that require a gradient are parameters.
const x = tensor([[0, 1], [1, 0], [1, 1]]).named('x');
const t = tensor([[1], [0], [1]]).named('target');
const w = tensor([[0.5], [-0.5]]).requiresGrad_().named('w');
const b = tensor([0]).requiresGrad_().named('b');

// The default export is traced; backward is called on its result.
export default () => {
  const logits = x.matmul(w).add(b).named('logits');
  return bceWithLogits(logits, t).named('loss');
};
`;

const NETWORK = `import { Generator, randn, tensor } from '@varigrad/core';
import { crossEntropy, Linear, ReLU, Sequential } from '@varigrad/nn';

const generator = new Generator(1);
const x = randn([5, 4], { generator }).named('x');
const classes = tensor([0, 1, 2, 0, 1]).named('classes');

// Export the model to show its parameter names and modules in the graph.
export const model = new Sequential(
  new Linear(4, 6, { generator }),
  new ReLU(),
  new Linear(6, 3, { generator }),
);

export default () => crossEntropy(model.forward(x), classes).named('loss');
`;

const VAE = `import { Generator, tensor } from '@varigrad/core';
import { VAE } from '@varigrad/vae';

const generator = new Generator(0);
const pixels = tensor([[1, 0, 0, 1], [0, 1, 1, 0]]).named('pixels');

export const model = new VAE({ inputSize: 4, hidden: [3], latent: 2, generator });

export default () => {
  const { loss, recon, kl } = model.elbo(pixels, { generator });
  recon.named('recon');
  kl.named('kl');
  return loss.named('loss');
};
`;

/** The editor opens with the first one. */
export const programExamples: readonly ProgramExample[] = [
  { title: 'Logistic regression', text: LOGISTIC },
  { title: 'A network with modules', text: NETWORK },
  { title: 'A small VAE', text: VAE },
];
