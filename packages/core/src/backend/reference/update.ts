import type { HostArray, Kernels } from '../backend.js';

type Updates = Pick<
  Kernels<HostArray>,
  'assign' | 'accumulate' | 'scale' | 'adamStep' | 'sgdStep' | 'allReduce'
>;

/** The kernels that write in place. */
export const updateKernels: Updates = {
  assign(target, source) {
    target.set(source);
  },

  accumulate(target, source) {
    for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
  },

  scale(target, factor) {
    for (let i = 0; i < target.length; i++) target[i]! *= factor;
  },

  // m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  p ← p − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
  // Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980; AdamW: Loshchilov & Hutter 2019, arXiv:1711.05101
  adamStep(param, grad, m, v, spec) {
    const { beta1, beta2, epsilon, learningRate, weightDecay, decoupled, step } = spec;
    const correction1 = 1 - beta1 ** step;
    const correction2 = 1 - beta2 ** step;
    const shrink = decoupled ? 1 - learningRate * weightDecay : 1;
    const decay = decoupled ? 0 : weightDecay;
    for (let i = 0; i < param.length; i++) {
      const p = param[i]! * shrink;
      const g = grad[i]! + decay * p;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      // As stored: a g² beyond float32 is infinite in this step, too.
      const [mean, square] = [m[i]! / correction1, v[i]! / correction2];
      param[i] = p - (learningRate * mean) / (Math.sqrt(square) + epsilon);
    }
  },

  // b ← μb + (1 − dampening)g;  p ← p − η·b, or with Nesterov's rule p ← p − η·(g + μb)
  sgdStep(param, grad, buffer, spec) {
    const { learningRate, momentum, dampening, nesterov, weightDecay, first } = spec;
    for (let i = 0; i < param.length; i++) {
      const p = param[i]!;
      const g = grad[i]! + weightDecay * p;
      let direction = g;
      if (buffer !== null) {
        const b = first ? g : momentum * buffer[i]! + (1 - dampening) * g;
        buffer[i] = b;
        direction = nesterov ? g + momentum * b : b;
      }
      param[i] = p - learningRate * direction;
    }
  },

  allReduce(targets, spec) {
    spec.sum(targets);
  },
};
