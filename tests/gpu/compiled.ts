/** Compiled functions on a device: each must return the same bits as the plain function, and leave the same values behind. */
import {
  compile,
  Generator,
  noGrad,
  rand,
  randn,
  scope,
  type Tensor,
  tensor,
  updateInPlace,
  withBackend,
  zeros,
} from '@varigrad/core';
import type { GpuBackend } from '@varigrad/core/gpu';
import { Adam, Linear, SGD } from '@varigrad/nn';

const CALLS = 6;

type Step = (x: Tensor) => readonly Tensor[];

/** A function with its own state, made anew for each of the two runs; and the tensors that it changes. */
interface Subject {
  readonly step: Step;
  readonly state?: readonly Tensor[];
  /** Runs after each call, outside of the function. */
  readonly after?: () => readonly Tensor[];
}

const numbers = (length: number, seed: number) => Array.from({ length }, (_, i) => Math.sin(seed + 1.3 * i));

function trained(make: (parameters: Tensor[]) => { zeroGrad(): void; step(): void }, zeroed = true): Subject {
  const layer = new Linear(5, 3, { generator: new Generator(3) });
  const parameters = [...layer.parameters()];
  const optimizer = make(parameters);
  const step: Step = (x) => {
    const loss = layer.forward(x).tanh().square().sum();
    if (zeroed) optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return [loss.detach()];
  };
  return { step, state: parameters };
}

const SUBJECTS: Readonly<Record<string, () => Subject>> = {
  'Adam with an odd number of parameters': () => {
    const extra = tensor(numbers(1, 2), { requiresGrad: true });
    const subject = trained((parameters) => new Adam([...parameters, extra], { learningRate: 0.1 }));
    return { ...subject, step: (x) => subject.step(x.mul(1.5)) };
  },
  'SGD with momentum': () =>
    trained((parameters) => new SGD(parameters, { learningRate: 0.1, momentum: 0.9 })),
  'SGD without momentum': () => trained((parameters) => new SGD(parameters, { learningRate: 0.1 })),
  'gradients that add up': () => {
    const subject = trained((parameters) => new SGD(parameters, { learningRate: 1e-3 }), false);
    return { ...subject, after: () => subject.state!.map((parameter) => parameter.grad!.clone()) };
  },
  'gradients that are read and kept after each call': () => {
    const subject = trained((parameters) => new Adam(parameters));
    const kept: Tensor[] = [];
    const after = () => {
      kept.push(...subject.state!.map((parameter) => parameter.grad!));
      return kept;
    };
    return { ...subject, after };
  },
  'gradients that are scaled between calls': () => {
    const subject = trained((parameters) => new SGD(parameters, { learningRate: 1e-3 }), true);
    const after = () => {
      for (const { grad } of subject.state as Tensor[])
        updateInPlace([grad!], (kernels) => kernels.scale(grad!.values, 0.5));
      return subject.state!.map((parameter) => parameter.grad!.clone());
    };
    return { ...subject, after };
  },
  'random draws of several sizes, also of one element': () => {
    const generator = new Generator(9);
    return {
      step: (x) => {
        const noise = randn([4, 5], { generator }).mul(x);
        return [noise, rand([7], { generator }), randn([1], { generator }).add(noise.sum())];
      },
    };
  },
  'a result that is returned twice': () => ({
    step: (x) => {
      const y = x.exp().mul(2);
      return [y, y, y.sum()];
    },
  }),
  'a state that is replaced, and read before and after': () => {
    const state = zeros([4, 5]).add(1).persist();
    return {
      state: [state],
      step: (x) => {
        const before = state.mul(3);
        noGrad(() => updateInPlace([state], (kernels) => kernels.accumulate(state.values, x.values)));
        updateInPlace([state], (kernels) => kernels.scale(state.values, 0.75));
        return [before, state.square()];
      },
    };
  },
  'a state that other deferred operations read': () => {
    const state = zeros([4, 5]).add(1).persist();
    const step: Step = (x) => {
      updateInPlace([state], (kernels) => kernels.accumulate(state.values, x.values));
      return [state.sum()];
    };
    let pending = state.mul(1);
    const after = () => {
      const before = pending;
      pending = state.mul(10); // read only after the next call
      return [before];
    };
    return { step, state: [state], after };
  },
  'reductions in several launches, and empty tensors': () => ({
    step: (x) => {
      const wide = x.reshape([20, 1]).mul(tensor(numbers(900, 1), { shape: [1, 900] }));
      return [wide.sum(), wide.amax({ axis: 1 }), zeros([0]).mul(2), wide.logSumExp({ axis: 0 })];
    },
  }),
};

/** The values after each of several calls. */
async function valuesOf(machine: GpuBackend, make: () => Subject, compiled: boolean): Promise<number[][]> {
  const found: number[][] = [];
  const { step, state = [], after } = withBackend(machine, make);
  const run = compiled ? compile(step) : step;
  for (let i = 0; i < CALLS; i++) {
    const results = withBackend(machine, () => {
      // Every other input was computed on the device.
      const x = tensor(numbers(20, i), { shape: [4, 5] });
      return scope(() => [...run(i % 2 === 0 ? x : x.neg())]);
    });
    for (const result of results) found.push(Array.from(await result.data()));
    const more = withBackend(machine, () => after?.() ?? []);
    for (const tensor of [...state, ...more]) found.push(Array.from(await tensor.data()));
  }
  return found;
}

/** @returns the functions whose compiled form differs */
export async function compiledErrors(machine: GpuBackend): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, make] of Object.entries(SUBJECTS)) {
    const plain = await valuesOf(machine, make, false);
    const found = await valuesOf(machine, make, true).catch((error: Error) => error.message);
    const place =
      typeof found === 'string' ? -1 : plain.findIndex((row, i) => row.join() !== found[i]?.join());
    if (typeof found === 'string') wrong.push(`${name}: ${found}`);
    else if (place !== -1)
      wrong.push(`${name}: list ${place} must be ${plain[place]}, found ${found[place]}`);
  }
  return wrong;
}
