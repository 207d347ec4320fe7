import { VarigradError } from '../errors.js';
import { type Recorder, withRecorder } from '../recorder.js';
import type { Tensor } from '../tensor.js';
import type { ArraySummary } from './graph.js';
import { callSite } from './source.js';
import { describeSummary, summarize } from './summary.js';

/** The first NaN or Infinity, at the operation that made it. */
export class NotFiniteError extends VarigradError {
  override readonly name = 'NotFiniteError';
  readonly phase: 'forward' | 'backward';
  /** What the operation was given. */
  readonly inputs: readonly ArraySummary[];
  /** File and line of the call; '' where the engine does not tell. */
  readonly source: string;

  constructor(op: string, phase: 'forward' | 'backward', inputs: readonly ArraySummary[], source: string) {
    const given = inputs.map((input, i) => `input ${i}: ${describeSummary(input)}`).join('; ');
    super(
      op,
      `the ${phase} pass made NaN or Infinity${source && ` at ${source}`} — from finite operands: ${given}`,
    );
    this.phase = phase;
    this.inputs = inputs;
    this.source = source;
  }
}

const finite = (t: Tensor): boolean => summarize(t).notFinite === 0;

/** Stops at the first operation that makes something not finite out of finite operands. */
class NotFiniteWatch implements Recorder {
  operation({ op, inputs, out }: Parameters<Recorder['operation']>[0]): void {
    if (finite(out) || !inputs.every(finite)) return;
    throw new NotFiniteError(op, 'forward', inputs.map(summarize), callSite());
  }

  gradient({ op, dy, input, gradient }: Parameters<Recorder['gradient']>[0]): void {
    if (finite(gradient) || !finite(dy)) return;
    throw new NotFiniteError(op, 'backward', [dy, input].map(summarize), '');
  }
}

/**
 * Runs `f` and throws at the first operation, forward or backward, that makes a NaN or an Infinity out of finite operands.
 * Reads every value, so it is slow: for finding a fault, not for training.
 * @throws NotFiniteError naming the operation, the ranges of its operands, and the line
 */
export function detectAnomaly<T>(f: () => T): T {
  return withRecorder(new NotFiniteWatch(), f);
}
