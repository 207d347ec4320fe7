/** Programs on the wasm backend: the same bits as its kernels one by one. */
import { type AdamSpec, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomBody, settingsOf } from '../helpers/random-kernel-calls.js';
import { type Body, checkProgram, type Run } from '../helpers/recorded-programs.js';

const single = createWasm({ threads: 1 });
const double = createWasm({ threads: 2 });

let seed = 1;
function numbers(size: number, scale = 2): Float32Array {
  return Float32Array.from({ length: size }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return scale * (seed / 2 ** 31 - 1);
  });
}

/** Checks a body with its own inputs, and with others. */
function check(
  what: string,
  body: Body,
  settings: (run: number) => object[],
  used = new Set<string>(),
): void {
  const runs: Run[] = [0, 1, 2].map((run) => ({
    inputs: body.inputs.map((values) => (run === 0 ? values : numbers(values.length))),
    settings: settings(run),
  }));
  for (const simplified of [false, true]) {
    const replays = checkProgram(single, [single, double], body, runs, what, { used, simplified });
    for (const replay of replays) replay.dispose();
  }
}

const PLAIN = { batch: 1, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };

/** The step of a small variational autoencoder, as the engine calls the kernels. */
function vaeStep(batch: number, pixels: number, hidden: number, latent: number): Body {
  const sizes = [
    [hidden, pixels],
    [hidden],
    [latent, hidden],
    [latent],
    [latent, hidden],
    [latent],
    [hidden, latent],
    [hidden],
    [pixels, hidden],
    [pixels],
  ];
  const size = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
  const parameters = sizes.map((shape) => numbers(size(shape), 0.3));
  const zeros = sizes.map((shape) => new Float32Array(size(shape)));
  const half = Float32Array.of(0.5);
  const count = Float32Array.of(batch);
  const zero = Float32Array.of(0);
  return {
    inputs: [numbers(batch * pixels, 1).map(Math.abs)],
    states: [...parameters, ...zeros, ...zeros.map((values) => values.slice())],
    settings: [{ kind: 'philox' }, { kind: 'adam' }].map((kind) => kind),
    run: (k, [x], states, [philox, adam]) => {
      const p = states.slice(0, 10);
      const operand = (values: Float32Array, ...shape: number[]) => ({ values, shape });
      const weight = (i: number) => operand(p[i]!, ...sizes[i]!);
      const eps = k.normal(batch * latent, philox as never);
      const h = k.linear(operand(x!, batch, pixels), weight(0), p[1]!, 'relu');
      const mu = k.linear(operand(h, batch, hidden), weight(2), p[3]!, 'none');
      const logVar = k.linear(operand(h, batch, hidden), weight(4), p[5]!, 'none');
      const L = [batch, latent];
      const halved = k.binary('mul', operand(logVar, ...L), operand(half), L);
      const noise = k.binary('mulExp', operand(eps, ...L), operand(halved, ...L), L);
      const z = k.binary('add', operand(mu, ...L), operand(noise, ...L), L);
      const d = k.linear(operand(z, ...L), weight(6), p[7]!, 'relu');
      const logits = k.linear(operand(d, batch, hidden), weight(8), p[9]!, 'none');
      const P = [batch, pixels];
      const bce = k.binary('sigmoidCrossEntropy', operand(logits, ...P), operand(x!, ...P), P);
      const rows = k.reduce('sum', operand(bce, ...P), [1]);
      const kl = k.reduce(
        'sum',
        operand(k.binary('standardNormalKl', operand(mu, ...L), operand(logVar, ...L), L), ...L),
        [1],
      );
      const recon = k.binary(
        'div',
        operand(k.reduce('sum', operand(k.unary('neg', k.unary('neg', rows)), batch), [0])),
        operand(count),
        [],
      );
      const loss = k.binary(
        'add',
        operand(recon),
        operand(k.binary('div', operand(k.reduce('sum', operand(kl, batch), [0])), operand(count), [])),
        [],
      );
      const one = k.fill(1, 1);
      const g = k.binary('chainMul', operand(one), operand(k.unary('reciprocal', count)), []);
      const column = k.strided(g, { shape: [batch], strides: [0], offset: 0 });
      const full = k.strided(column, { shape: L, strides: [1, 0], offset: 0 });
      const dMu1 = k.binary('chainMul', operand(full, ...L), operand(mu, ...L), L);
      const dVar1 = k.binary(
        'mul',
        operand(k.binary('chainMul', operand(full, ...L), operand(k.unary('expm1', logVar), ...L), L), ...L),
        operand(half),
        L,
      );
      const dRecon = k.strided(k.unary('neg', k.unary('neg', column)), {
        shape: P,
        strides: [1, 0],
        offset: 0,
      });
      const residual = k.binary('sigmoidResidual', operand(logits, ...P), operand(x!, ...P), P);
      const dLogits = k.binary('chainMul', operand(dRecon, ...P), operand(residual, ...P), P);
      const product = (
        a: Float32Array,
        b: Float32Array,
        m: number,
        n: number,
        kk: number,
        transposeA: boolean,
      ) => k.matmul(a, b, { ...PLAIN, m, n, k: kk, transposeA });
      const dD = product(dLogits, p[8]!, batch, hidden, pixels, false);
      const dW5 = product(dLogits, d, pixels, hidden, batch, true);
      const db5 = k.reduce('sum', operand(dLogits, ...P), [0]);
      const H = [batch, hidden];
      const masked = (): Float32Array => k.where(operand(d, ...H), operand(dD, ...H), operand(zero), H);
      const dHidden = masked();
      const dZ = product(dHidden, p[6]!, batch, latent, hidden, false);
      masked();
      const dW4 = product(dHidden, z, hidden, latent, batch, true);
      const db4 = k.reduce('sum', operand(masked(), ...H), [0]);
      const dMu = k.binary('add', operand(dMu1, ...L), operand(dZ, ...L), L);
      const dVar = k.binary(
        'add',
        operand(dVar1, ...L),
        operand(
          k.binary(
            'chainMul',
            operand(k.binary('chainMul', operand(dZ, ...L), operand(noise, ...L), L), ...L),
            operand(half),
            L,
          ),
          ...L,
        ),
        L,
      );
      const dH1 = product(dVar, p[4]!, batch, hidden, latent, false);
      const dW3 = product(dVar, h, latent, hidden, batch, true);
      const dH = k.binary(
        'add',
        operand(dH1, ...H),
        operand(product(dMu, p[2]!, batch, hidden, latent, false), ...H),
        H,
      );
      const dW2 = product(dMu, h, latent, hidden, batch, true);
      const dX = k.where(operand(h, ...H), operand(dH, ...H), operand(zero), H);
      const dW1 = product(dX, x!, hidden, pixels, batch, true);
      const gradients = [
        dW1,
        k.reduce('sum', operand(dX, ...H), [0]),
        dW2,
        k.reduce('sum', operand(dMu, ...L), [0]),
        dW3,
        k.reduce('sum', operand(dVar, ...L), [0]),
        dW4,
        db4,
        dW5,
        db5,
      ];
      for (const [i, gradient] of gradients.entries())
        k.adamStep(p[i]!, gradient, states[10 + i]!, states[20 + i]!, adam as never);
      return [loss, recon, gradients[0]!, gradients[9]!];
    },
  };
}

for (const [batch, pixels, hidden, latent] of [
  [8, 16, 8, 2],
  [64, 784, 64, 8],
  [33, 403, 201, 19],
] as const) {
  test(`a training step of a VAE ${pixels}-${hidden}-${latent} at batch ${batch}`, () => {
    const adam = (step: number): AdamSpec => ({
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      decoupled: false,
      step,
    });
    const philox = (run: number) => ({ key: [3, 0xffffffff], counter: [0xfffffff0 + run, 7] });
    const body = vaeStep(batch, pixels, hidden, latent);
    const recorded = [philox(9), adam(1)];
    check('vae', { ...body, settings: recorded }, (run) => [philox(run), adam(run + 1)]);
  });
}

test('random functions of all kernels', () => {
  const used = new Set<string>();
  for (let seed = 0; seed < 150; seed++) {
    const body = randomBody(seed);
    check(`seed ${seed}`, body, settingsOf, used);
  }
  const missing = Object.keys(single.kernels).filter((kernel) => !used.has(kernel));
  assert.equal(missing, []);
});

test('random functions on large values, which threads share', () => {
  for (let seed = 0; seed < 12; seed++)
    check(`seed ${seed}`, randomBody(seed, 12, [40, 65, 130]), settingsOf);
});

test.run();
