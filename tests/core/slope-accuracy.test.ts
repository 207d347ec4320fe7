/** First and second derivatives on wasm, in float32, against float64 over the whole range of each function. */
import {
  type Backend,
  createReference,
  createWasm,
  gradients,
  init,
  sigmoidCrossEntropy,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { unaryRows } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

await init({ backend: 'reference' });

type Program = (x: Tensor) => Tensor;

const methods = Object.keys(unaryRows).filter((name) => name in (tensor(0) as object)) as 'exp'[];
const programs: readonly (readonly [string, Program])[] = [
  ...methods.map((name): [string, Program] => [name, (x) => x[name]()]),
  ['leakyRelu', (x) => x.leakyRelu()],
  ['elu', (x) => x.elu()],
  ['cross-entropy, t = 1', (x) => sigmoidCrossEntropy(x, 1)],
  ['cross-entropy, t = 0', (x) => sigmoidCrossEntropy(x, 0)],
  ['cross-entropy, t = 0.9', (x) => sigmoidCrossEntropy(x, 0.9)],
  ['x^2.5', (x) => x.pow(2.5)],
  ['2^x', (x) => tensor(2).pow(x)],
  ['atan2(x, 3)', (x) => x.atan2(3)],
  ['atan2(3, x)', (x) => tensor(3).atan2(x)],
  ['3 / x', (x) => tensor(3).div(x)],
  ['x / 3', (x) => x.div(3)],
];

const points = [
  ...Array.from({ length: 5600 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 10 ** (i / 100 - 20)),
  ...Array.from({ length: 8800 }, (_, i) => (i - 4400) / 40 + 0.00123),
].map(Math.fround);
/** Beyond this, the argument of a sine has few digits in common with that of float64. */
const MOST_ANGLE = 1e5;

/** f′ and f″ at all points; null where the derivative is constant. */
function slopes(on: Backend, f: Program): ArrayLike<number>[] {
  return withBackend(on, () => {
    const x = tensor(points).requiresGrad_();
    const [first] = gradients(f(x).sum(), [x], { createGraph: true });
    if (first?.requiresGrad !== true) return [first!.dataSync()];
    return [first.dataSync(), gradients(first.sum(), [x])[0]!.dataSync()];
  });
}

/** Whether float32 can represent the value, and it is not near a zero of the derivative, where terms cancel. */
function comparable(exact: ArrayLike<number>, i: number): boolean {
  const size = Math.abs(exact[i]!);
  if (!(size > 1e-36 && size < 1e38)) return false;
  const around = [i - 2, i - 1, i + 1, i + 2].map((k) => exact[k] ?? exact[i]!);
  return around.every((value) => value * exact[i]! > 0) && size > 1e-2 * Math.max(...around.map(Math.abs));
}

const fast = createWasm({ threads: 1 });
const exactly = createReference(Float64Array);

for (const [name, f] of programs) {
  test(`${name}: first and second derivative within 1e-5`, () => {
    const found = slopes(fast, f);
    const right = slopes(exactly, f);
    assert.is(found.length, right.length);
    right.forEach((exact, order) => {
      for (let i = 0; i < points.length; i++) {
        if (['sin', 'cos', 'tan'].includes(name) && Math.abs(points[i]!) > MOST_ANGLE) continue;
        if (!comparable(exact, i)) continue;
        const [value, wanted] = [found[order]![i]!, exact[i]!];
        const error = Math.abs(value - wanted) / Math.abs(wanted);
        assert.ok(error < 1e-5, `order ${order + 1} at ${points[i]}: ${value}, must be ${wanted}`);
      }
    });
  });
}

test.run();
