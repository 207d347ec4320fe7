import { BackendError } from '../../errors.js';
import type { Program } from './program.js';

const G = 'g[this.thread.x] + decay * shrink * p[this.thread.x]';

// Adam takes three calls, because a call has one result; see adamStep of the reference backend for the formulas.
export const ADAM_MEAN: Program = {
  name: 'adam mean',
  arrays: ['m', 'g', 'p'],
  integers: [],
  numbers: ['beta', 'rest', 'decay', 'shrink'],
  body: `return beta * m[this.thread.x] + rest * (${G});`,
};

export const ADAM_SQUARE: Program = {
  name: 'adam square',
  arrays: ['v', 'g', 'p'],
  integers: [],
  numbers: ['beta', 'rest', 'decay', 'shrink'],
  body: `const gradient = ${G};\nreturn beta * v[this.thread.x] + rest * gradient * gradient;`,
};

export const ADAM_STEP: Program = {
  name: 'adam step',
  arrays: ['p', 'm', 'v'],
  integers: [],
  numbers: ['stepSize', 'rootCorrection', 'epsilon', 'shrink'],
  body: `return p[this.thread.x] * shrink
  - stepSize * m[this.thread.x] / (Math.sqrt(v[this.thread.x]) * rootCorrection + epsilon);`,
};

export const SGD_BUFFER: Program = {
  name: 'sgd buffer',
  arrays: ['b', 'g', 'p'],
  integers: [],
  numbers: ['momentum', 'rest', 'weightDecay'],
  body: 'return momentum * b[this.thread.x] + rest * (g[this.thread.x] + weightDecay * p[this.thread.x]);',
};

/** p ← p − learningRate·(share·(g + weightDecay·p) + momentum·b); see sgdStep of the reference backend. */
export const SGD_STEP: Program = {
  name: 'sgd step',
  arrays: ['p', 'g', 'b'],
  integers: [],
  numbers: ['learningRate', 'share', 'momentum', 'weightDecay'],
  body: `return p[this.thread.x] - learningRate
  * (share * (g[this.thread.x] + weightDecay * p[this.thread.x]) + momentum * b[this.thread.x]);`,
};

/** The kernel `allReduce`. */
export function refuseExchange(): never {
  throw new BackendError(
    'gpu',
    'processes exchange values of host memory only — use the wasm or the native backend',
  );
}
