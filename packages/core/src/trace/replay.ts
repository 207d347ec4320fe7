import { withBackend } from '../backend/current.js';
import { createReference } from '../backend/reference/reference.js';
import { topologicalOrder } from '../backward.js';
import { tensor } from '../create.js';
import { withRecorder } from '../recorder.js';
import { apply, noGrad } from '../tape.js';
import type { TapeNode, Tensor } from '../tensor.js';

/**
 * The loss as a function of one tensor on its tape. The recorded operations run again in float64; all values that do not
 * depend on the tensor stay the same, noise and dropout masks included.
 * @throws GradError if the graph was freed
 */
export function replay(loss: Tensor, of: Tensor): (values: Float64Array) => number {
  const exact = createReference(Float64Array);
  const depends = new Set<Tensor>([of]);
  const steps = topologicalOrder(loss).filter((t) => {
    if (t === of || t.node === null || !t.node.inputs.some((input) => depends.has(input))) return false;
    depends.add(t);
    return true;
  });
  const constants = new Map<Tensor, Tensor>();
  const constant = (t: Tensor): Tensor => {
    const copy = constants.get(t) ?? tensor(Float64Array.from(t.dataSync()), { shape: t.shape });
    constants.set(t, copy);
    return copy;
  };
  return (values) => {
    const again = (): number => {
      const now = new Map<Tensor, Tensor>([[of, tensor(values, { shape: of.shape })]]);
      for (const t of steps) {
        const { op, inputs, params } = t.node as TapeNode;
        now.set(
          t,
          apply(
            op,
            inputs.map((input) => now.get(input) ?? constant(input)),
            params,
          ),
        );
      }
      return (now.get(loss) ?? constant(loss)).itemSync();
    };
    return withBackend(exact, () => withRecorder(null, () => noGrad(again)));
  };
}
