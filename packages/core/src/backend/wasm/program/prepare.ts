/** Programs on the wasm backend: passes, a plan of memory, and instructions that the threads walk together. */
import type { Program, Replay } from '../../backend.js';
import { foldConstants } from '../../program/constants.js';
import { removeCopies } from '../../program/copies.js';
import { withPlaces } from '../../program/program.js';
import { shareRepeated } from '../../program/repeated.js';
import { schedule } from '../../program/schedule.js';
import { shrinkUniform } from '../../program/uniform.js';
import { removeUnused } from '../../program/unused.js';
import { type ProgramMachine, ProgramReplay } from './replay.js';

type Values = Float32Array;

/** @param open - the machine. @throws BackendError if the backend is closed */
export function prepareProgram(
  open: () => ProgramMachine,
  recorded: Program,
  values: ReadonlyMap<number, Values>,
): Replay<Values> {
  const { kernels } = open();
  const shared = shareRepeated(shrinkUniform(removeCopies(withPlaces(recorded))));
  const { program, bound } = foldConstants({ program: removeUnused(shared), bound: values }, kernels);
  return new ProgramReplay(open, program, schedule(program), bound);
}
