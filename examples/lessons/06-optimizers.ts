/**
 * Lesson 6: optimizers.
 *
 * Question: the gradient gives the direction of descent, but not how far to go. What goes wrong if each step is a fixed multiple of it,
 * and how do momentum and Adam help?
 *
 * npm run lesson -- 6
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { createReference, Generator, parameter, randn, tensor, withBackend, zeros } from '@varigrad/core';
import { Adam, AdamW, cosineSchedule, type Schedule, SGD } from '@varigrad/nn';
import type { Point } from './contours.js';
import {
  adam,
  BOWL_START,
  bowl,
  descend,
  descentPicture,
  type MakeOptimizer,
  type Surface,
  sgd,
  stepsNeeded,
  turn,
  turnedBowl,
  VALLEY_START,
  valley,
} from './descent.js';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 6 — OPTIMIZERS\n');
  const exact = withBackend(createReference(Float64Array), () => ({
    ...gradientDescent(print),
    ...momentum(print),
    ...forgottenZeroGrad(print),
    ...adamFirstStep(print),
    ...withoutCorrection(print),
    ...scaleAndDirection(print),
    ...curvedValley(print),
    ...noise(print),
    ...weightDecay(print),
  }));
  await mkdir('runs/lessons', { recursive: true });
  await writeFile('runs/lessons/optimizers.svg', withBackend(createReference(Float64Array), descentPicture));
  print(prose`

    10. The picture

    runs/lessons/optimizers.svg shows the paths of all three optimizers over the contour lines of the bowl, the turned bowl and the valley.

    In this repository: packages/nn/src/optim/sgd.ts and packages/nn/src/optim/adam.ts have the settings, and
    packages/core/src/backend/reference/update.ts has the arithmetic, one kernel per parameter: sgdStep and adamStep. The schedules
    are in packages/nn/src/optim/schedules.ts. Next: lesson 7, where the gradient itself is random.

    Exercises

      a) In the bowl of section 1, which rate makes SGD reach x = 0 in a single step? And y = 0? (1; 1/25)
      b) Give the SGD of section 2 nesterov: true. Then try η = 1/25 and momentum 0.7, with and without it. (It diverges; 24 steps, 34.)
      c) What is Adam's second step if the second gradient is exactly minus the first? (0.0526·η, back: m̂ = (0.09 − 0.1)/0.19·g, v̂ = g².)
  `);
  return exact;
}

const at = (points: readonly Point[], step: number): Point => points[step] as Point;

/** The largest deviation of a coordinate from a formula, over all steps. */
function worst(points: readonly Point[], formula: (step: number) => Point): number {
  return Math.max(
    ...points.flatMap(([x, y], t) => [Math.abs(x - formula(t)[0]), Math.abs(y - formula(t)[1])]),
  );
}

/** SGD on a quadratic: each coordinate is multiplied by 1 − ηλ. */
function gradientDescent(print: Print): Numbers {
  const [x0, y0] = BOWL_START;
  const rates = [0.01, 0.07, 2 / 26, 0.081];
  const runs = rates.map((rate) => descend(bowl, BOWL_START, sgd(rate), 100));
  const differences = runs.map((points, i) =>
    worst(points, (t) => {
      const rate = rates[i]!;
      return [(1 - rate) ** t * x0, (1 - 25 * rate) ** t * y0];
    }),
  );
  print(prose`
    1. Gradient descent in a bowl

    L = ½(x² + 25y²) has the gradient (x, 25y). The rule p ← p − η·gradient multiplies x by 1 − η and y by 1 − 25η in each step,
    independently. So the result is known in advance: after t steps x = (1 − η)ᵗ·x₀ and y = (1 − 25η)ᵗ·y₀.

    Predict: from x = −8, y = ${y0}, which of these rates gets lowest in 100 steps? Which one diverges?
  `);
  print(
    table([
      ['η', 'x shrinks by', 'y by', 'x after 10', 'y after 10', 'x after 100', 'y after 100'],
      ...runs.map((points, i) => {
        const rate = rates[i]!;
        return [rate, 1 - rate, 1 - 25 * rate, ...at(points, 10), ...at(points, 100)];
      }),
    ]),
  );
  const best = stepsNeeded(bowl, BOWL_START, sgd(2 / 26)) ?? Number.NaN;
  print(prose`

    The steepest direction sets the limit. Above η = 2/25 = 0.08, 1 − 25η is below −1, and y grows: by a factor of 1.025 per step at 0.081, slowly enough
    to go unnoticed at first. Below 1/25, y stays on one side; between the two rates it jumps from side to side. The best rate makes both
    factors equal in size: 1 − η = 25η − 1, so η = 2/26, and both are 24/26 = 0.923. No rate is better, because the flat
    direction must use a rate that is stable in the steep one. The ratio of the curvatures, 25, is the condition number κ, and
    the best factor is (κ − 1)/(κ + 1). It takes ${best} steps to get below L = 0.001.

    All ${100 * rates.length} steps of the library's SGD agree with the formula to ${Math.max(...differences).toExponential(0)}.
  `);
  return {
    sgdAgainstFormula: Math.max(...differences),
    sgdX10: at(runs[2] as Point[], 10)[0],
    sgdY10: at(runs[2] as Point[], 10)[1],
    divergedY: at(runs[3] as Point[], 100)[1],
    sgdSteps: best,
  };
}

/** Heavy-ball momentum with the best settings for κ = 25. */
function momentum(print: Print): Numbers {
  const [x0, y0] = BOWL_START;
  const points = descend(bowl, BOWL_START, sgd(1 / 9, 4 / 9), 100);
  const difference = worst(points, (t) => [
    x0 * (1 + t / 3) * (2 / 3) ** t,
    y0 * (1 + (5 * t) / 3) * (-2 / 3) ** t,
  ]);
  const steps = stepsNeeded(bowl, BOWL_START, sgd(1 / 9, 4 / 9)) ?? Number.NaN;
  print(prose`

    2. Momentum

    Let the step be a decaying sum of gradients: b ← μb + gradient, then p ← p − ηb. Where gradients agree, along x, they add up to
    1/(1 − μ) times one gradient; where they alternate in sign, along y, they cancel. With η = 1/9, SGD alone would diverge
    (1 − 25/9 = −1.8). Predict: does momentum converge?

    Combining two steps eliminates b: pₜ₊₁ = (1 + μ − ηλ)·pₜ − μ·pₜ₋₁, for each coordinate with its curvature λ. Its solutions are
    powers of the roots of r² − (1 + μ − ηλ)·r + μ = 0. If the roots are complex, both have absolute value √μ for every λ: flat and steep
    directions converge equally fast. For κ = 25 the best settings are μ = ((√κ − 1)/(√κ + 1))² = 4/9 and η = 1/9, with double roots 2/3 for λ = 1 and −2/3 for λ = 25:

      x = x₀·(1 + t/3)·(2/3)ᵗ      y = y₀·(1 + 5t/3)·(−2/3)ᵗ
  `);
  print(table([['t', 'x', 'y'], ...[0, 1, 5, 20].map((t) => [String(t), ...at(points, t)])]));
  print(prose`

    It overshoots at first. Then each step removes a third of the distance, compared with a thirteenth for plain SGD: ${steps} steps to L < 0.001. The
    factor is (√κ − 1)/(√κ + 1), so momentum replaces the condition number by its square root. Agreement with the formula: ${difference.toExponential(0)}.
  `);
  return {
    momentumAgainstFormula: difference,
    momentumX20: at(points, 20)[0],
    momentumSteps: steps,
  };
}

/** Gradients that accumulate are momentum without friction. */
function forgottenZeroGrad(print: Print): Numbers {
  const rate = 0.07;
  const p = parameter(tensor([-8]));
  const optimizer = new SGD([p], { learningRate: rate });
  const xs = [-8];
  for (let step = 0; step < 1000; step++) {
    p.square().mul(0.5).sum().backward(); // the mistake: no zeroGrad
    optimizer.step();
    xs.push(p.dataSync()[0]!);
  }
  const angle = Math.acos(1 - rate / 2);
  const formula = (t: number): number => (-8 * Math.cos((t + 0.5) * angle)) / Math.cos(angle / 2);
  const largest = Math.max(...xs.slice(900).map(Math.abs));
  const difference = Math.max(...xs.map((x, t) => Math.abs(x - formula(t))));
  print(prose`

    3. Mistake: no zeroGrad

    backward adds to the gradient (lesson 4). Without zeroGrad, each step follows the sum of all gradients so far: momentum with
    μ = 1. The absolute value of its roots is √μ = 1, so the motion never decays. On ½x² with η = ${rate}, from x = −8, it swings like a pendulum,
    x = −8·cos((t + ½)θ)/cos(θ/2) with cos θ = 1 − η/2. Largest |x| from step 900 to 1000:

      with zeroGrad     ${Math.abs(8 * (1 - rate) ** 900).toExponential(0)}
      without           ${largest.toFixed(3)}      (the formula differs by ${difference.toExponential(0)})

    If a loss rises and falls in regular waves, check the training loop.
  `);
  return { pendulumLargest: largest, pendulumAgainstFormula: difference };
}

/** p after one step of Adam from 0, for a loss with gradient `slope`. */
function firstStep(slope: number, learningRate: number): number {
  const p = parameter(tensor([0]));
  const optimizer = new Adam([p], { learningRate });
  p.mul(slope).sum().backward();
  optimizer.step();
  return p.dataSync()[0]!;
}

function adamFirstStep(print: Print): Numbers {
  const slopes = [1e-3, 1, 1e3, -1e6];
  const steps = slopes.map((slope) => firstStep(slope, 0.1));
  const tiny = firstStep(1e-8, 0.1);
  print(prose`

    4. Adam: the size of the gradient does not matter

    Adam keeps two running means of the gradient g, and divides one by the square root of the other:

      m ← 0.9·m + 0.1·g          m̂ = m/(1 − 0.9ᵗ)
      v ← 0.999·v + 0.001·g²     v̂ = v/(1 − 0.999ᵗ)          p ← p − η·m̂/(√v̂ + ε),  ε = 1e-8

    Predict its first step with η = 0.1, for gradients of 0.001, 1, 1000 and −1,000,000.
  `);
  print(table([['gradient', 'step'], ...slopes.map((slope, i) => [slope, steps[i]!])]));
  print(prose`

    m̂ = g and v̂ = g², so the step is −η·g/|g|: the learning rate is the length of the step, in units of the parameter. This is
    why 0.001 suits so many networks; SGD has no such default. The only limit is ε: at g = 1e-8 = ε the step is
    ${tiny.toFixed(3)}, half of it.
  `);
  return {
    adamStepSmall: steps[0]!,
    adamStepLarge: steps[2]!,
    adamStepNegative: steps[3]!,
    adamStepAtEpsilon: tiny,
  };
}

/** The length of each Adam step for a constant gradient of 1, with or without bias correction, in plain arithmetic. */
function adamLengths(steps: number, corrected: boolean): number[] {
  let [m, v] = [0, 0];
  return Array.from({ length: steps }, (_, i) => {
    m = 0.9 * m + 0.1;
    v = 0.999 * v + 0.001;
    const [c1, c2] = corrected ? [1 - 0.9 ** (i + 1), 1 - 0.999 ** (i + 1)] : [1, 1];
    return m / c1 / (Math.sqrt(v / c2) + 1e-8);
  });
}

function withoutCorrection(print: Print): Numbers {
  const STEPS = 2000;
  const p = parameter(tensor([0]));
  const optimizer = new Adam([p], { learningRate: 1 });
  let before = 0;
  const library = Array.from({ length: STEPS }, () => {
    optimizer.zeroGrad();
    p.sum().backward();
    optimizer.step();
    const length = before - p.dataSync()[0]!;
    before -= length;
    return length;
  });
  const [right, wrong] = [adamLengths(STEPS, true), adamLengths(STEPS, false)];
  const peak = Math.max(...wrong);
  const tooLong = wrong.filter((length) => length > 2).length;
  print(prose`

    5. Mistake: no bias correction

    m and v start at 0, so at first they are too small: m by the factor 1 − 0.9ᵗ, v by 1 − 0.999ᵗ. Predict: without the correction, are the
    first steps too short or too long? For a constant gradient of 1, in units of η:
  `);
  print(
    table([
      ['step', 'Adam of the library', 'without correction'],
      ...[1, 2, wrong.indexOf(peak) + 1, 100, 1000, 2000].map((t) => [
        String(t),
        library[t - 1]!,
        wrong[t - 1]!,
      ]),
    ]),
  );
  print(prose`

    Too long: m is a tenth of its true value, but √v only √0.001, about a thirty-second, so the first step is 0.1/√0.001 = 3.16·η. At step
    ${wrong.indexOf(peak) + 1} it is ${peak.toFixed(2)}·η, and for ${tooLong} steps it is more than 2η, just when the network is still random and gradients are
    large. It looks like an instability that needs a warm-up, but it is one missing line.
  `);
  return {
    adamAgainstArithmetic: Math.max(...library.map((length, i) => Math.abs(length - right[i]!))),
    uncorrectedFirst: wrong[0]!,
    uncorrectedPeak: peak,
    uncorrectedPeakStep: wrong.indexOf(peak) + 1,
    uncorrectedTooLong: tooLong,
  };
}

/** The effect of a scaled loss, and of rotated coordinates, on each optimizer. */
function scaleAndDirection(print: Print): Numbers {
  const turnedStart = turn(tensor([[...BOWL_START]])).dataSync() as unknown as [number, number];
  const thousand: Surface = (p) => bowl(p).mul(1000);
  const height = (surface: Surface, points: readonly Point[]): number[] =>
    Array.from(surface(tensor(points.map(([x, y]) => [x, y]))).dataSync());
  const rows = (
    [
      ['SGD, η = 0.07', sgd(0.07)],
      ['momentum 4/9, η = 1/9', sgd(1 / 9, 4 / 9)],
      ['Adam, η = 0.5', adam(0.5)],
    ] as const
  ).map(([name, make]) => {
    const plain = height(bowl, descend(bowl, BOWL_START, make, 20));
    const turned = height(turnedBowl, descend(turnedBowl, turnedStart, make, 20));
    const scaled = height(bowl, descend(thousand, BOWL_START, make, 20));
    return [name, plain[20]!, turned[20]!, scaled[20]!] as const;
  });
  print(prose`

    6. Scale and direction

    Each optimizer runs three times: in the bowl; in the same bowl turned by 45°; and in the bowl with a loss a thousand times as large
    (a sum in place of a mean). The table shows the height L after 20 steps, always measured in the first bowl. Predict which numbers in a row are equal.
  `);
  print(table([['', 'bowl', 'turned', 'loss × 1000'], ...rows]));
  const [plain, heavy, adaptive] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  print(prose`

    SGD and momentum do not depend on the direction of the axes, but on the scale of the loss. Adam does not depend on the scale, but on the
    axes: it divides each coordinate by the size of that coordinate's gradient. This helps if the steep and flat directions
    are along the axes, and less if they lie between them. (In a network they often are along the axes: the input of one weight is
    rarely active, that of another always.)
  `);
  return {
    sgdTurned: Math.abs(plain[2] / plain[1] - 1),
    momentumTurned: Math.abs(heavy[2] / heavy[1] - 1),
    adamTurned: Math.abs(adaptive[2] / adaptive[1] - 1),
    adamScaled: Math.abs(adaptive[3] / adaptive[1] - 1),
    sgdScaled: plain[3],
  };
}

function curvedValley(print: Print): Numbers {
  const rates = [0.003, 0.01, 0.02, 0.04, 0.1, 0.2, 0.4];
  const tries = (
    [
      ['SGD', (rate) => sgd(rate)],
      ['momentum 0.9', (rate) => sgd(rate, 0.9)],
      ['Adam', adam],
    ] as [string, (rate: number) => MakeOptimizer][]
  ).map(([name, make]) => ({
    name,
    steps: rates.map((rate) => stepsNeeded(valley, VALLEY_START, make(rate))),
  }));
  print(prose`

    7. A curved valley

    L = 10(y − x²)² + (x − 1)², from (−1.2, 1.8) to the minimum at (1, 1). Steps until L < 0.001, by learning rate; — means that the run
    diverged or needed more than 3000:
  `);
  print(
    table([
      ['', ...rates.map(String)],
      ...tries.map(({ name, steps }) => [name, ...steps.map((count) => String(count ?? '—'))]),
    ]),
  );
  print(prose`

    With good settings, momentum is as fast as Adam. The difference is how hard it is to find them: a rate twice too large
    costs Adam a few steps, but makes SGD diverge. A comparison of optimizers at one learning rate says nothing: the rate
    has another meaning, and another unit, in each.
  `);
  const [plain, heavy, adaptive] = tries.map(({ steps }) => steps.filter((count) => count !== null).length);
  return { sgdWorks: plain ?? 0, momentumWorks: heavy ?? 0, adamWorks: adaptive ?? 0 };
}

/** Final variance of 20,000 independent runs on ½x², whose gradients have noise N(0, 1). */
function walkers(schedule: Schedule, steps: number): number {
  const generator = new Generator(6);
  const x = parameter(zeros([20_000]));
  const optimizer = new SGD([x], { learningRate: 0.5 });
  for (let step = 0; step < steps; step++) {
    optimizer.learningRate = 0.5 * schedule(step);
    const slope = randn(x.shape, { generator }); // the noise of a minibatch gradient
    optimizer.zeroGrad();
    x.square().mul(0.5).add(x.mul(slope)).sum().backward(); // gradient: x + slope
    optimizer.step();
  }
  return x.square().mean().itemSync();
}

function noise(print: Print): Numbers {
  const STEPS = 50;
  const constant = walkers(() => 1, STEPS);
  const falling = walkers(cosineSchedule(STEPS), STEPS);
  const limit = 0.5 / (2 - 0.5);
  print(prose`

    8. Noise, and why learning rates fall

    A minibatch's gradient is the true one plus noise. On ½x² with noise of variance 1, x² does not converge to 0: each step shrinks the variance by
    (1 − η)² and adds η², so it converges to V = (1 − η)²·V + η², which is η/(2 − η). More steps do not help. A falling rate
    does. 20,000 runs from x = 0, η = 0.5, ${STEPS} steps; mean of x² (± its standard error, 1%):

      constant rate    ${constant.toFixed(4)}      by formula ${limit.toFixed(4)}
      cosineSchedule   ${falling.toFixed(4)}

    So a training curve that has become flat may still improve: divide the rate by ten, and see.
  `);
  return { varianceConstant: constant, varianceFalling: falling };
}

function weightDecay(print: Print): Numbers {
  const once = (make: MakeOptimizer): number => {
    const p = parameter(tensor([5]));
    const optimizer = make([p]);
    p.mul(0).sum().backward(); // a weight that the loss does not depend on
    optimizer.step();
    return p.dataSync()[0]!;
  };
  const options = { learningRate: 0.1, weightDecay: 0.01 };
  const [plain, l2, decoupled] = [
    once((p) => new SGD(p, options)),
    once((p) => new Adam(p, options)),
    once((p) => new AdamW(p, options)),
  ];
  print(prose`

    9. Mistake: weight decay inside Adam

    Weight decay should remove the fraction η·0.01 of each weight per step. In SGD it can be written as 0.01·p added to the gradient. In Adam, whatever is added to the
    gradient is divided by the gradient's size. One step from p = 5, with η = 0.1 and a loss that does not depend on p. Predict all three:

      SGD, added to the gradient       ${plain.toFixed(4)}
      Adam, added to the gradient      ${l2.toFixed(4)}
      AdamW, apart from the gradient   ${decoupled.toFixed(4)}

    Adam moved a full step of 0.1, and would do so for a decay of 1e-5, too: the strength has no effect. AdamW applies the decay separately.
  `);
  return { decaySgd: plain, decayAdam: l2, decayAdamW: decoupled };
}

await runLesson(import.meta.url, lesson);
