/** The measurement in Node. */
import { availableParallelism, loadavg } from 'node:os';
import { createReference, createWasm } from '@varigrad/core';
import type { GpuMode } from '@varigrad/core/gpu';
import { machine } from '../measure.js';
import { measureEverything } from './measure-all.js';
import { BRIEF, PATIENT, type Patience, QUICK } from './time.js';
import { measureTorch } from './torch.js';
import { writeReport } from './write-report.js';

/** Steps are few, and their compiler needs long rounds, also in a brief measurement. */
function patienceOf(quick: boolean, brief: boolean): { patience: Patience; stepPatience: Patience } {
  if (quick) return { patience: QUICK, stepPatience: QUICK };
  if (brief) return { patience: BRIEF, stepPatience: { ...PATIENT, longestRunMs: BRIEF.longestRunMs } };
  return { patience: PATIENT, stepPatience: PATIENT };
}

/**
 * The report is saved after each size.
 * @param options - quick: small sizes in short rounds; brief: all sizes in short rounds; only: a part of the names of groups
 * @returns the report, and the paths of the files
 */
export async function measureInNode(
  modes: readonly GpuMode[],
  { quick, brief, only }: { quick: boolean; brief: boolean; only: string },
): Promise<string> {
  const threads = availableParallelism();
  const rival = threads === 1 ? 'wasm, 1 thread' : `wasm, ${threads} threads`;
  const measurement = await measureEverything({
    host: `${machine()}, load average before the start ${loadavg()[0]?.toFixed(1)}`,
    cpu: new Map([
      ['wasm, 1 thread', createWasm({ threads: 1 })],
      [rival, createWasm({ threads })],
      ['reference', createReference()],
    ]),
    rival,
    modes,
    only,
    small: quick,
    ...patienceOf(quick, brief),
    peer: measureTorch,
    tell: (line) => console.error(line),
    save: (part) => writeReport(part, 'gpu'),
  });
  return writeReport(measurement, 'gpu');
}
