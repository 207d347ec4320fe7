/**
 * Recording: every operation goes through `apply`, which computes the result. If an operand requires a gradient, the
 * result keeps a `TapeNode` with the operation and its operands. The nodes reachable from a loss are the tape.
 * `backward` walks it from the loss to the leaves.
 */
import type { Backend, Values } from './backend/backend.js';
import { backend } from './backend/current.js';
import { checkFunction, checkTensor, refusePromise } from './checks/arguments.js';
import { activeRecording, kernelsOf } from './compile/active.js';
import { BackendError, ShapeError } from './errors.js';
import { activeRecorder } from './recorder.js';
import { checkSize } from './shape.js';
import {
  type Op,
  type OperandsOf,
  type ShapesOf,
  type Temporary,
  Tensor,
  type Tensors,
  wrap,
} from './tensor.js';

let recording = true;

/** Whether operations are being recorded: false inside `noGrad`. */
export function isGradEnabled(): boolean {
  return recording;
}

/**
 * Runs `f` without recording: its results require no gradient and have no tape.
 * @throws ArgumentError if `f` is asynchronous
 */
export function noGrad<T>(f: () => T): T {
  checkFunction('noGrad', f);
  return refusePromise('noGrad', withRecording(false, f));
}

/**
 * Runs `f` with recording, also inside `noGrad` or a `vjp`: for operations that recompute values in their `vjp`.
 * @throws ArgumentError if `f` is asynchronous
 */
export function enableGrad<T>(f: () => T): T {
  checkFunction('enableGrad', f);
  return refusePromise('enableGrad', withRecording(true, f));
}

/** Runs `f` with recording on or off, and restores the previous state. */
export function withRecording<T>(on: boolean, f: () => T): T {
  const before = recording;
  recording = on;
  try {
    return f();
  } finally {
    recording = before;
  }
}

/** Runs an operation, and records it if an operand requires a gradient. */
export function apply<Inputs extends Tensors, Params>(
  op: Op<Inputs, Params>,
  inputs: Inputs,
  params: Params,
): Tensor {
  const observer = activeRecorder();
  const start = observer === null ? 0 : performance.now();
  const machine = backend();
  activeRecording()?.operation(op.name, inputs);
  for (const input of inputs) {
    checkTensor(op.name, input, 'an operand', 'a tensor or a number');
    checkMemory(op.name, input, machine);
  }
  const shapes = inputs.map((t) => t.shape) as unknown as ShapesOf<Inputs>;
  const shape = namingOperands(inputs, () => {
    const result = op.shape(shapes, params);
    checkSize(op.name, result);
    return result;
  });
  const temporaries: Values[] = [];
  const temporary: Temporary = (values) => {
    temporaries.push(values);
    return values;
  };
  const operands = inputs as unknown as OperandsOf<Inputs>;
  const values = op.forward(kernelsOf(machine), operands, params, shape, temporary);
  activeRecording()?.operation('', []);
  for (const used of temporaries) machine.release(used);
  const shared = inputs.find((t) => t.values === values);
  const out = shared === undefined ? wrap(values, shape, machine) : new Tensor(shared.storage, shape);
  if (recording && inputs.some((t) => t.requiresGrad)) {
    out.requiresGrad = true;
    out.node = {
      op: op as unknown as Op<Tensors, unknown>,
      params,
      inputs,
      required: inputs.map((t) => t.requiresGrad),
      versions: inputs.map((t) => t.storage.version),
      resultVersion: out.storage.version,
      freed: false,
    };
  }
  observer?.operation({ op: op.name, params, inputs, out, milliseconds: performance.now() - start });
  return out;
}

/** Runs a shape rule. Its errors contain the names of named operands. */
export function namingOperands<T>(operands: readonly Tensor[], shapeRule: () => T): T {
  try {
    return shapeRule();
  } catch (error) {
    if (!(error instanceof ShapeError) || operands.every((t) => t.label === '')) throw error;
    throw error.withOperands(
      operands.map(({ label, axisNames, shape }) => ({ label, axes: axisNames, shape })),
    );
  }
}

function checkMemory(op: string, input: Tensor, machine: Backend): void {
  const owner = input.storage.backend;
  if (owner === machine || (owner.memory === 'host' && machine.memory === 'host')) return;
  throw new BackendError(
    op,
    `operands must be on backend '${machine.name}', found one on '${owner.name}' — create all tensors on one backend`,
  );
}
