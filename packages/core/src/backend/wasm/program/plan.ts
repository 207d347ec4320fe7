/** Plans the memory of a program: where each slot's values are, and the instructions. */
import type { Program } from '../../backend.js';
import { type Interval, placeIntervals } from '../../program/placement.js';
import { writtenSlots } from '../../program/program.js';
import type { Step } from '../../program/schedule.js';
import { slotSpans } from '../../program/spans.js';
import type { Block } from '../blocks.js';
import type { ResidentMemory } from '../memory.js';
import { type Lowered, lower, type Target } from './lower.js';
import { ALWAYS, type Site } from './recorder.js';

type Values = Float32Array;

/** The memory of a program, and what runs in it. */
export interface Plan extends Lowered {
  /** The address of each slot's values; undefined for values that stay in scratch blocks and for unused slots. */
  readonly addresses: readonly (number | undefined)[];
  /** Memory for what stays between runs, for intermediate values, and for the instructions. */
  readonly blocks: readonly Block[];
  readonly code: Int32Array;
  readonly codeAddress: number;
  /** The values that are exchanged after each piece. */
  readonly exchanged: readonly (readonly Values[])[];
}

/**
 * Plans a program and reserves its memory. Values that stay between runs have the same addresses for any number of threads.
 * @param kept - the block of an earlier plan for the values that stay between runs
 * @throws BackendError if there is no room
 */
export function makePlan(
  target: Target,
  memory: ResidentMemory,
  program: Program,
  steps: readonly Step[],
  bound: ReadonlyMap<number, Values>,
  kept?: Block,
): Plan {
  const measured = measure((site) => run(target, memory, program, steps, bound, site));
  const [pass, keep] = [placeIntervals(measured.passing), placeIntervals(measured.keeping)];
  const blocks: Block[] = [];
  const reserve = (bytes: number): Block => {
    const own = blocks.reduce((sum, { size }) => sum + size, 0);
    blocks.push(memory.reserve(bytes, own));
    return blocks.at(-1)!;
  };
  try {
    if (kept !== undefined) blocks.push(kept);
    const keepBlock = kept ?? reserve(keep.bytes);
    const passBlock = reserve(pass.bytes);
    const [passes, keeps] = [pass.offsets.values(), keep.offsets.values()];
    const placing: Site = {
      place: () => passBlock.address + passes.next().value!,
      keep: () => keepBlock.address + keeps.next().value!,
      setIntegers: (address, values) => memory.setIntegers(address, values),
      setFloats: (address, values) => memory.setFloats(address, values),
    };
    const made = run(target, memory, program, steps, bound, placing);
    const block = reserve(4 * made.words.length);
    const code = memory.integersAt(block.address, made.words.length);
    code.set(made.words);
    const exchanged = made.pieces.map(([, , targets = []]) =>
      targets.map(([address, length]) => memory.floatsAt(address, length)),
    );
    return { ...made, blocks, code, codeAddress: block.address, exchanged };
  } catch (error) {
    for (const block of blocks) if (block !== kept) memory.free(block);
    throw error;
  }
}

/** The memory that a run at a site asks for, in order. */
function measure(run: (site: Site) => void): { passing: Interval[]; keeping: Interval[] } {
  const passing: Interval[] = [];
  const keeping: Interval[] = [];
  run({
    place(bytes, from, to) {
      passing.push({ bytes, from, to });
      return 0;
    },
    keep(bytes) {
      keeping.push({ bytes, from: ALWAYS[0], to: ALWAYS[1] });
      return 0;
    },
    setIntegers() {},
    setFloats() {},
  });
  return { passing, keeping };
}

/** Places the slots and writes the instructions at a site. */
function run(
  target: Target,
  memory: ResidentMemory,
  program: Program,
  steps: readonly Step[],
  bound: ReadonlyMap<number, Values>,
  site: Site,
): Lowered & Pick<Plan, 'addresses'> {
  const written = writtenSlots(program);
  const addresses = slotSpans(program, steps).map((span, slot) => {
    const values = bound.get(slot);
    const { kind, length } = program.slots[slot]!;
    const resident = kind === 'state' && values !== undefined ? memory.residentAddress(values) : undefined;
    if (span === undefined || resident !== undefined) return resident;
    if (span.inChain && !written.has(slot)) return undefined;
    return span.lasting ? site.keep(4 * length) : site.place(4 * length, span.from, span.to);
  });
  return { ...lower(target, program, steps, (slot) => addresses[slot], site), addresses };
}
