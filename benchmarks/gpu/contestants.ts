/** The contestants: backends, and for matmul programs without this library. */
import {
  type Backend,
  compile,
  Generator,
  scope,
  type Tensor,
  tensor,
  type Values,
  withBackend,
} from '@varigrad/core';
import type { KernelCase } from './cases.js';
import { type Runner, timed } from './time.js';

/** A backend or program that can run cases. */
export interface Contestant {
  readonly name: string;
  /** Prepares a case; null if the contestant does not support it. */
  enter(which: KernelCase): Promise<Runner | null>;
}

let latest: { which: KernelCase; operands: readonly Float32Array[] } | undefined;

/** The operands of a case, the same arrays for all contestants. */
export function operandsOf(which: KernelCase): readonly Float32Array[] {
  if (latest?.which !== which) {
    const operands = which.operands.map((shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return new Generator(size).uniform(size);
    });
    latest = { which, operands };
  }
  return latest.operands;
}

/** A backend of this library, through its kernels. */
export function backendContestant(name: string, on: Backend): Contestant {
  return {
    name,
    async enter(which) {
      const host = operandsOf(which);
      const operands = host.map((values) => on.persist(on.upload(values)));
      const wait = waiter(on);
      const resultOf = (): Values => {
        const made = which.run(on.kernels, operands);
        const result = made.pop() as Values;
        // A device may defer kernels; `keep` makes it compute the result.
        if (on.memory === 'device') on.keep(result);
        for (const values of made) on.release(values);
        return result;
      };
      const inScope = (f: () => void): void => {
        on.openScope();
        f();
        on.closeScope();
      };
      return {
        upload: () => {
          for (const values of host) on.release(on.upload(values));
        },
        launch: () => inScope(() => on.release(resultOf())),
        finish: wait.finish,
        readback: async () => {
          let result: Values | undefined;
          inScope(() => {
            result = on.keep(resultOf());
          });
          await wait.finish();
          const ms = await timed(async () => {
            await on.download(result as Values);
          });
          on.release(result as Values);
          return ms;
        },
        close: async () => {
          for (const values of operands) on.release(values);
          wait.close();
        },
      };
    },
  };
}

/** The same cases as compiled functions of tensors. */
export function compiledContestant(name: string, on: Backend): Contestant {
  return {
    name: `${name}, compiled`,
    async enter(which) {
      const [x, y] = withBackend(on, () =>
        operandsOf(which).map((values, i) => tensor(values, { shape: which.operands[i]! })),
      ) as [Tensor, Tensor | undefined];
      const run = compile((a: Tensor, b: Tensor) => which.compute(a, b));
      // A device may defer kernels; what a scope returns is computed.
      const call = () => withBackend(on, () => scope(() => run(x, y ?? x)));
      const wait = waiter(on);
      return {
        launch: () => call().dispose(),
        finish: wait.finish,
        readback: async () => {
          const result = call();
          await wait.finish();
          const ms = await timed(async () => {
            await result.data();
          });
          result.dispose();
          return ms;
        },
        close: async () => {
          run.dispose();
          for (const operand of [x, y]) operand?.dispose();
          wait.close();
        },
      };
    },
  };
}

/**
 * Waits for all work of a backend: a device completes a read only after all earlier work. The numbers that are read are computed
 * on the device, because uploaded numbers may still be on the host.
 */
export function waiter(on: Backend): { finish(): Promise<void>; close(): void } {
  if (on.memory === 'host') return { finish: async () => {}, close() {} };
  const marker = on.persist(on.kernels.unary('exp', on.upload([1, 2])));
  return {
    finish: async () => {
      await on.download(marker);
    },
    close: () => on.release(marker),
  };
}
