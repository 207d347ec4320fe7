import { createReference, Generator, noGrad, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { InverseAutoregressiveFlow, PlanarFlow, type PosteriorFamily, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const FEATURES = 5;

/** One flow of each kind, far from the identity. */
const flows = (latent: number): PosteriorFamily[] => {
  const generator = new Generator(11);
  return [
    far(new PlanarFlow(latent, { features: FEATURES, length: 3, generator }), generator),
    far(new PlanarFlow(latent, { parameters: 'shared', length: 3, generator }), generator),
    new InverseAutoregressiveFlow(latent, { features: FEATURES, length: 2, hidden: 7, generator }),
  ];
};

/** The flow with parameters of size 1, as training may leave them. */
function far(flow: PlanarFlow, generator: Generator): PlanarFlow {
  for (const parameter of flow.parameters()) parameter.assign(randn(parameter.shape, { generator }));
  return flow;
}

/** log |det A| by elimination with pivots. */
function logDeterminant(a: number[][]): number {
  const m = a.map((row) => [...row]);
  let log = 0;
  for (let k = 0; k < m.length; k++) {
    const pivot = m
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(m[best]![k]!) ? k + i : best), k);
    [m[k], m[pivot]] = [m[pivot]!, m[k]!];
    log += Math.log(Math.abs(m[k]![k]!));
    for (let i = k + 1; i < m.length; i++) {
      const factor = m[i]![k]! / m[k]![k]!;
      for (let j = k; j < m.length; j++) m[i]![j]! -= factor * m[k]![j]!;
    }
  }
  return log;
}

for (const [index, name] of ['PlanarFlow', 'PlanarFlow, shared', 'InverseAutoregressiveFlow'].entries()) {
  for (const latent of [1, 2, 4]) {
    test(`${name}: log q(z|x) is log N(ε; 0, I) minus the log-determinant of a numeric Jacobian, latent ${latent}`, () => {
      withBackend(float64, () => {
        const flow = flows(latent)[index] as PosteriorFamily;
        const generator = new Generator(latent);
        const q = {
          mu: randn([1, latent], { generator }),
          logVar: randn([1, latent], { generator }),
          context: randn([1, FEATURES], { generator }).mul(2),
        };
        const eps = [...randn([1, latent], { generator }).dataSync()];
        const z = (e: number[]): number[] => [...noGrad(() => flow.draw(q, tensor([e])).z.dataSync())];
        const h = 1e-5;
        const columns = eps.map((_, j) => {
          const moved = (d: number) => z(eps.map((e, i) => (i === j ? e + d : e)));
          const [up, down] = [moved(h), moved(-h)];
          return up.map((u, i) => (u - down[i]!) / (2 * h));
        });
        const jacobian = eps.map((_, i) => columns.map((column) => column[i]!));
        const logEps = eps.reduce((sum, e) => sum - 0.5 * (e * e + Math.log(2 * Math.PI)), 0);
        const found = flow
          .draw(q, tensor([eps]))
          .logProb()
          .itemSync();
        assert.ok(Math.abs(found - (logEps - logDeterminant(jacobian))) < 1e-7, `${found}`);
      });
    });
  }
}

test('an inverse autoregressive step: dimension j of z does not depend on later dimensions of ε', () => {
  withBackend(float64, () => {
    const flow = new InverseAutoregressiveFlow(4, {
      features: FEATURES,
      length: 1,
      hidden: 9,
      generator: new Generator(3),
    });
    const q = {
      mu: tensor([[0.1, 0.2, 0.3, 0.4]]),
      logVar: tensor([[0, 0, 0, 0]]),
      context: randn([1, FEATURES], { generator: new Generator(4) }),
    };
    const z = (eps: number[]): number[] => [...flow.draw(q, tensor([eps])).z.dataSync()];
    const [before, after] = [z([1, -1, 0.5, 2]), z([1, -1, 0.7, 2])];
    assert.equal(after.slice(0, 2), before.slice(0, 2), 'the first two dimensions do not change');
    assert.not.equal(after[2], before[2]);
    assert.not.equal(after[3], before[3], 'the next dimension changes');
  });
});

test('an inverse autoregressive step: a removed weight has no effect and the gradient 0, also beside infinite numbers', () => {
  const flow = new InverseAutoregressiveFlow(2, {
    features: FEATURES,
    length: 1,
    hidden: 4,
    generator: new Generator(2),
  });
  const { weight } = flow.steps[0]!.hidden; // [4, 2]; all units see only the first dimension
  weight.assign(tensor([1, 1, 1, 1].map((w) => [w, Number.POSITIVE_INFINITY])));
  const q = { mu: tensor([[1, 1e30]]), logVar: tensor([[0, 0]]), context: tensor([[1, 1, 1, 1, 1]]) };
  const { z } = flow.draw(q, tensor([[0, 0]]));
  assert.ok([...z.dataSync()].every(Number.isFinite), `${z}`);
  z.mul(1e20).sum().backward();
  const gradient = [...(weight.grad as Tensor).dataSync()];
  assert.ok(
    gradient.some((g) => !Number.isFinite(g)),
    'the other gradients overflow',
  );
  assert.equal(
    gradient.filter((_, i) => i % 2 === 1),
    [0, 0, 0, 0],
  );
});

test('the code of an image is the flow of the base mean, and reconstructions decode it', () => {
  for (const [i, posterior] of flows(3).entries()) {
    const model = new VAE({ inputSize: 4, hidden: [FEATURES], latent: 3, posterior });
    const x = randn([2, 4], { generator: new Generator(3) }).sigmoid();
    const q = model.encode(x);
    const code = model.codes(x);
    assert.equal(
      [...code.dataSync()],
      [
        ...posterior
          .draw(
            q,
            tensor([
              [0, 0, 0],
              [0, 0, 0],
            ]),
          )
          .z.dataSync(),
      ],
    );
    assert.ok(code.sub(q.mu).abs().amax().itemSync() > 1e-3, `flow ${i} changes the mean`);
    assert.equal(
      [...model.reconstruct(x).dataSync()],
      [...model.likelihood.mean(model.decode(code)).dataSync()],
    );
  }
});

test('a flow without features from the encoder is refused', () => {
  const [planar, shared, iaf] = flows(2) as [PosteriorFamily, PosteriorFamily, PosteriorFamily];
  const q = { mu: tensor([[0, 0]]), logVar: tensor([[0, 0]]) };
  const advice = 'the posterior has no context — use an encoder that provides it, such as GaussianEncoder';
  refuses(() => planar.draw(q, tensor([[0, 0]])), `PlanarFlow: ${advice}`);
  refuses(() => iaf.draw(q, tensor([[0, 0]])), `InverseAutoregressiveFlow: ${advice}`);
  assert.equal(shared.draw(q, tensor([[0, 0]])).z.shape, [1, 2], 'shared parameters need no features');
});

test('a VAE with a flow as its posterior: every parameter of the flow receives a gradient', () => {
  for (const posterior of [
    new PlanarFlow(3, { features: 6, length: 2 }),
    new PlanarFlow(3, { parameters: 'shared', length: 2 }),
    new InverseAutoregressiveFlow(3, { features: 6, hidden: 5 }),
  ]) {
    const model = new VAE({ inputSize: 8, hidden: [6], latent: 3, posterior });
    const x = tensor(
      Array.from({ length: 4 }, (_, i) => Array.from({ length: 8 }, (_, j) => ((i + j) % 3) / 2)),
    );
    model.elbo(x).loss.backward();
    for (const [name, parameter] of model.namedParameters()) {
      const gradient = parameter.grad as Tensor | null;
      assert.ok(
        gradient?.dataSync().some((g) => g !== 0),
        `${posterior.kind}: ${name}`,
      );
    }
  }
});

test.run();
