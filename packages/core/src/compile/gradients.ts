/** The gradients that a compiled function leaves in tensors. */
import type { Backend, Replay } from '../backend/backend.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import type { GradientUse, Recording } from './recording.js';

/** The gradient of one tensor after each call. */
export interface GradientResult {
  /** The tensor, or the place of the argument that it is. */
  readonly target: Tensor | number;
  /** The slot of the gradient; or a tensor from outside; or null for none. */
  readonly gradient: number | Tensor | null;
}

/** The tensors from outside whose gradients a recording read or changed. @param args - of the recorded call */
function* usesOutside(
  recording: Recording,
  args: readonly Tensor[],
): Iterable<[Tensor, Tensor | number, GradientUse]> {
  for (const [key, use] of recording.gradients) {
    const tensor = key as Tensor;
    const place = args.indexOf(tensor);
    if (place !== -1) yield [tensor, place, use];
    else if (!recording.made(tensor.values)) yield [tensor, tensor, use];
  }
}

/** The gradients that a recording changed. */
export function gradientResults(recording: Recording, args: readonly Tensor[]): GradientResult[] {
  return Array.from(usesOutside(recording, args))
    .filter(([, , { changed }]) => changed)
    .map(([tensor, target]) => {
      const gradient = tensor.peekGrad();
      const isMade = gradient !== null && recording.made(gradient.values);
      return { target, gradient: isMade ? recording.slotOf(gradient.values)! : gradient };
    });
}

/** The gradients that a recording found, except those that it set to null without reading them. */
export function gradientsBefore(
  recording: Recording,
  args: readonly Tensor[],
): { target: Tensor | number; gradient: object | null }[] {
  return Array.from(usesOutside(recording, args)).flatMap(([, target, { before }]) =>
    before === 'any' ? [] : [{ target, gradient: before }],
  );
}

/** Puts the gradients of each replay into their tensors. */
export class GradientWriter {
  readonly #machine: Backend;
  readonly #results: readonly GradientResult[];
  /** The tensors that hold the gradients of the latest replay. */
  readonly #own: (Tensor | null)[];

  constructor(machine: Backend, results: readonly GradientResult[]) {
    this.#machine = machine;
    this.#results = results;
    this.#own = results.map(() => null);
  }

  /** Before a replay: gradients that someone read keep their values, as after `zeroGrad`. */
  before(args: readonly Tensor[]): void {
    for (let i = 0; i < this.#results.length; i++) {
      const { target, gradient } = this.#results[i]!;
      if (typeof gradient === 'object' && gradient !== null) continue;
      const tensor = typeof target === 'number' ? args[target]! : target;
      const own = this.#own[i]!;
      if (own !== null && tensor.peekGrad() === own && !tensor.gradWasRead && !own.storage.disposed) continue;
      tensor.zeroGrad();
      this.#own[i] = null;
    }
  }

  /** After a replay. */
  after(args: readonly Tensor[], replay: Replay): void {
    for (let i = 0; i < this.#results.length; i++) {
      const { target, gradient } = this.#results[i]!;
      const tensor = typeof target === 'number' ? args[target]! : target;
      if (typeof gradient === 'number') this.#write(i, tensor, replay.lend(gradient));
      else if (gradient !== null && tensor.peekGrad() !== gradient) tensor.grad = gradient;
    }
  }

  /** Before the memory of the replay is freed: the gradients move to memory of their own. */
  keep(): void {
    for (const own of this.#own) if (own !== null && !own.storage.disposed) own.storage.keep();
    this.#own.fill(null);
  }

  #write(i: number, tensor: Tensor, values: ReturnType<Replay['lend']>): void {
    if (this.#own[i]?.storage.values === values) return;
    tensor.zeroGrad();
    const own = new Tensor(new Storage(this.#machine, values), tensor.shape);
    own.storage.persistent = true;
    own.isOwnGradient = true;
    tensor.grad = own;
    this.#own[i] = own;
  }
}
