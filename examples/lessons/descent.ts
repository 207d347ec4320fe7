/** Loss surfaces of two variables, and the paths of optimizers over them. Used by lesson 6. */
import { parameter, type Tensor, tensor } from '@varigrad/core';
import { Adam, type Optimizer, SGD } from '@varigrad/nn';
import { contourPicture, type Path, type Point } from './contours.js';

/** Heights of a loss surface at points `[n, 2]`: `[n]`. */
export type Surface = (p: Tensor) => Tensor;
export type MakeOptimizer = (parameters: Tensor[]) => Optimizer;

/** Start of every path over the bowl. */
export const BOWL_START: Point = [-8, 2];
/** Start of every path through the valley. */
export const VALLEY_START: Point = [-1.2, 1.8];

/** ½(x² + 25y²): 25 times as steep along y as along x. */
export const bowl: Surface = (p) =>
  p
    .square()
    .mul(tensor([0.5, 12.5]))
    .sum({ axis: 1 });

/** Rotates rows by 45° counterclockwise. */
export const turn = (p: Tensor): Tensor =>
  p.matmul(
    tensor([
      [1, 1],
      [-1, 1],
    ]).mul(Math.SQRT1_2),
  );
/** The bowl, rotated by 45°. */
export const turnedBowl: Surface = (p) =>
  bowl(
    p.matmul(
      turn(
        tensor([
          [1, 0],
          [0, 1],
        ]),
      ).transpose(),
    ),
  );

/** 10(y − x²)² + (x − 1)²: a valley along a parabola, with the minimum at (1, 1). A less steep Rosenbrock function. */
export const valley: Surface = (p) => {
  const [x, y] = p.split(1, { axis: 1 }) as [Tensor, Tensor];
  return y.sub(x.square()).square().mul(10).add(x.sub(1).square()).sum({ axis: 1 });
};

/** Returns a function that creates SGD with these settings. */
export const sgd =
  (learningRate: number, momentum = 0): MakeOptimizer =>
  (p) =>
    new SGD(p, { learningRate, momentum });
/** Returns a function that creates Adam with this learning rate. */
export const adam =
  (learningRate: number): MakeOptimizer =>
  (p) =>
    new Adam(p, { learningRate });

/** The path of an optimizer: `start`, and the point after each step. */
export function descend(surface: Surface, start: Point, make: MakeOptimizer, steps: number): Point[] {
  const p = parameter(tensor([[...start]]));
  const optimizer = make([p]);
  const places: Point[] = [start];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    surface(p).sum().backward();
    optimizer.step();
    const [x, y] = p.dataSync() as unknown as [number, number];
    places.push([x, y]);
  }
  return places;
}

/** Number of steps until the height is below 0.001, or null if 3000 are not enough. */
export function stepsNeeded(surface: Surface, start: Point, make: MakeOptimizer): number | null {
  const p = parameter(tensor([[...start]]));
  const optimizer = make([p]);
  for (let step = 0; step <= 3000; step++) {
    const height = surface(p).sum();
    if (height.itemSync() < 1e-3) return step;
    if (!(height.itemSync() < 1e9)) return null;
    optimizer.zeroGrad();
    height.backward();
    optimizer.step();
  }
  return null;
}

/** Heights 1, 2, 5, 10, … from `least` up to `most`. */
function levels(least: number, most: number): number[] {
  const powers = Array.from({ length: 9 }, (_, i) => 10 ** (i - 4));
  return powers.flatMap((ten) => [1, 2, 5].map((n) => n * ten)).filter((h) => h >= least && h <= most);
}

/** Draws the paths of all optimizers over three surfaces, as SVG. */
export function descentPicture(): string {
  const heights =
    (surface: Surface) =>
    (points: readonly Point[]): ArrayLike<number> =>
      surface(tensor(points.map(([x, y]) => [x, y]))).dataSync();
  const paths = (surface: Surface, start: Point, makes: readonly MakeOptimizer[]): Path[] =>
    ['SGD', 'SGD with momentum', 'Adam'].map((name, i) => ({
      name,
      points: descend(surface, start, makes[i] as MakeOptimizer, 60),
    }));
  const onBowl = [sgd(0.07), sgd(1 / 9, 4 / 9), adam(0.5)];
  const turnedStart = turn(tensor([[...BOWL_START]])).dataSync() as unknown as [number, number];
  const around = { x: [-9.5, 4.5], y: [-7, 7], levels: levels(0.5, 500), minimum: [0, 0] } as const;
  return contourPicture([
    { title: 'A bowl', heights: heights(bowl), ...around, paths: paths(bowl, BOWL_START, onBowl) },
    {
      title: 'The same, turned by 45°',
      heights: heights(turnedBowl),
      ...around,
      y: [-9.5, 4.5],
      paths: paths(turnedBowl, turnedStart, onBowl),
    },
    {
      title: 'A curved valley',
      heights: heights(valley),
      x: [-1.75, 1.75],
      y: [-1, 2.5],
      levels: levels(0.5, 100),
      minimum: [1, 1],
      paths: paths(valley, VALLEY_START, [sgd(0.02), sgd(0.02, 0.8), adam(0.2)]),
    },
  ]);
}
