/** The memory of a recorded program on the device. */
import type { Region } from './bind-groups.js';
import type { Commands } from './commands.js';
import type { ComputeShader } from './dispatch.js';
import { placementOf } from './placement.js';
import type { RecordedProgram } from './record.js';
import type { Place } from './recording-driver.js';
import { Sheet } from './sheet.js';
import { COPY_DST, type DeviceBuffer, STORAGE } from './webgpu.js';

/** Inputs of more bytes are copied by themselves: a second copy on the host takes longer than a second call of the device. */
const MOST_STAGED = 2 ** 24;

/** A dispatch with its bindings. */
export interface Step {
  readonly shader: ComputeShader;
  readonly groups: readonly [number, number, number];
  readonly params: Region;
  readonly places: readonly Place[];
  /** The bind group of the latest run; null before the first one. */
  group: unknown;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** The numbers that are copied before each run: changing parameters, inputs, and draws of the host. */
  readonly sheet: Sheet;
  /** The regions of all places that have the same memory in each run. */
  readonly regions: ReadonlyMap<Place, Region>;
  /** The regions of the sheet for inputs. */
  readonly staged: ReadonlyMap<Place, Region>;
  readonly buffers: readonly DeviceBuffer[];
  /** Bytes of the buffers. */
  readonly bytes: number;
}

/** Allocates everything that a program needs in each run. @param inputs - the places of its inputs */
export function planOf(commands: Commands, recorded: RecordedProgram, inputs: readonly Place[]): Plan {
  const { dispatches, uploads, changing, outer, constants, results, replaced } = recorded;
  const ownMemory = [outer, constants, results, replaced].flatMap((places) => [...places.values()]);
  const elsewhere = new Set([...ownMemory, ...uploads]);
  const changes = new Set(
    changing.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i)),
  );
  const staged = inputs.filter(({ length }) => 4 * length <= MOST_STAGED);
  const paramsOf = (isChanging: boolean) =>
    dispatches.flatMap(({ params }, i) => (changes.has(i) === isChanging ? [params.byteLength] : []));
  const numbers = [...uploads, ...staged].map(({ length }) => 4 * length);
  const sheet = new Sheet(commands, [...paramsOf(true), ...numbers]);
  const fixed = new Sheet(commands, paramsOf(false));
  const params = dispatches.map(({ params: words }, i) => {
    const owner = changes.has(i) ? sheet : fixed;
    const region = owner.region(words.byteLength);
    owner.setWords(region, words);
    return region;
  });
  fixed.write();
  const regions = new Map<Place, Region>();
  for (const place of uploads) {
    const region = sheet.region(4 * place.length);
    sheet.setNumbers(region, place.host!);
    regions.set(place, region);
  }
  const { sizes, buffers } = placementOf(dispatches, (place) => elsewhere.has(place));
  const usage = STORAGE | COPY_DST;
  const made = sizes.map((length) => commands.createBuffer(4 * length, usage));
  for (const [place, buffer] of buffers)
    regions.set(place, { buffer: made[buffer]!, offset: 0, size: 4 * place.length });
  const all = [sheet.buffer, fixed.buffer, ...made];
  return {
    steps: dispatches.map(({ shader, groups, memories }, i) => ({
      shader,
      groups,
      params: params[i]!,
      places: memories,
      group: null,
    })),
    sheet,
    regions,
    staged: new Map(staged.map((place) => [place, sheet.region(4 * place.length)])),
    buffers: all,
    bytes: all.reduce((sum, { size }) => sum + size, 0),
  };
}
