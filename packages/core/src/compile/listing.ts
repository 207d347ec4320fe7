/** A program for people: its kernels with shapes, memory and lifetimes. */
import type { Argument, Call, Program, Replay } from '../backend/backend.js';
import { lifetimes } from '../backend/program/lifetimes.js';
import { isSetting, isSlot } from '../backend/program/program.js';
import { formatShape } from '../errors.js';
import { at } from './compare.js';

/** The program of a compiled function. `String(program)` lists it. */
export class ProgramListing {
  readonly #program: Program;
  readonly #replay: Replay;

  constructor(program: Program, replay: Replay) {
    this.#program = program;
    this.#replay = replay;
  }

  /** Number of kernel calls of one run. */
  get kernels(): number {
    return this.#program.calls.length;
  }

  /** Number of steps of one run; kernels that run together are one step. */
  get steps(): number {
    return this.#replay.steps.length;
  }

  /** Bytes of memory for intermediate values that stay reserved between runs. */
  get bytes(): number {
    return this.#replay.bytes;
  }

  /** The calls as plain data. */
  get calls(): readonly Call[] {
    return this.#program.calls;
  }

  /**
   * One line per kernel call: its step, the kernel with its operands, and the slot, the bytes and the lifetime of its result. Slots are
   * written #n; a lifetime 3–7 reaches from call 3 to call 7.
   */
  toString(): string {
    const { calls, slots } = this.#program;
    const lives = lifetimes(this.#program);
    const stepOf = new Map(this.#replay.steps.flatMap((step, i) => step.map((call) => [call, i] as const)));
    const rows = calls.map((call, i) => {
      const life = call.out === null ? undefined : lives[call.out]!;
      const until = life && (life.to >= calls.length ? 'end' : String(life.to));
      const made = call.out === null ? '' : `#${call.out}`;
      return [
        String(stepOf.get(i) ?? ''),
        String(i),
        made,
        `${call.kernel}(${call.args.map(describe).join(', ')})`,
        call.out === null ? '' : `${4 * slots[call.out]!.length} B`,
        life === undefined ? '' : `${life.from}–${until}`,
        at(call),
      ];
    });
    const title = `${this.kernels} kernels in ${this.steps} steps, ${this.bytes} bytes of memory for intermediate values`;
    return [
      title,
      ...table([['step', 'call', 'slot', 'kernel', 'bytes', 'lifetime', 'operation'], ...rows]),
    ].join('\n');
  }
}

function describe(argument: Argument): string {
  if (typeof argument !== 'object' || argument === null) return String(argument);
  if (isSetting(argument)) return `setting ${argument.setting}`;
  if (isSlot(argument))
    return `#${argument.slot}${argument.shape === undefined ? '' : ` ${formatShape(argument.shape)}`}`;
  if (Array.isArray(argument)) return `[${argument.map(describe).join(', ')}]`;
  return `{ ${Object.entries(argument)
    .map(([name, value]) => `${name}: ${describe(value as Argument)}`)
    .join(', ')} }`;
}

/** Rows with columns of equal width. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
