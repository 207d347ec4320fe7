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
  const intervals: Interval[] = [];
  const measuring: Site = {
    place: (bytes, from, to) => {
      intervals.push({ bytes, from, to });
      return 0;
    },
    setIntegers: () => {},
    setFloats: () => {},
  };
  run(target, memory, program, steps, bound, measuring);

  const lasting = intervals.map(({ to }) => to === ALWAYS[1]);
  const [stay, pass] = [true, false].map((want) =>
    placeIntervals(intervals.filter((_, i) => lasting[i] === want)),
  ) as [ReturnType<typeof placeIntervals>, ReturnType<typeof placeIntervals>];
  const blocks: Block[] = [];
  try {
    blocks.push(kept ?? memory.reserve(stay.bytes, 0));
    blocks.push(memory.reserve(pass.bytes, stay.bytes));
    const [stayBlock, passBlock] = blocks as [Block, Block];
    const offsets = { stay: stay.offsets.values(), pass: pass.offsets.values() };
    const places = lasting.map((stays) =>
      stays ? stayBlock.address + offsets.stay.next().value! : passBlock.address + offsets.pass.next().value!,
    );
    const addresses = places.values();
    const placing: Site = {
      place: () => addresses.next().value!,
      setIntegers: (address, values) => memory.setIntegers(address, values),
      setFloats: (address, values) => memory.setFloats(address, values),
    };
    const made = run(target, memory, program, steps, bound, placing);
    const block = memory.reserve(4 * made.words.length, stay.bytes + pass.bytes);
    blocks.push(block);
    const code = memory.integersAt(block.address, made.words.length);
    code.set(made.words);
    return { ...made, blocks, code, codeAddress: block.address };
  } catch (error) {
    for (const block of blocks) if (block !== kept) memory.free(block);
    throw error;
  }
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
    const [from, to] = span.lasting ? ALWAYS : [span.from, span.to];
    return site.place(4 * length, from, to);
  });
  return { ...lower(target, program, steps, (slot) => addresses[slot], site), addresses };
}
