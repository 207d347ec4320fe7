/** PyTorch's times of the same cases, where a `python3` with torch is found. */
import { spawn } from 'node:child_process';
import type { KernelCase } from './cases.js';
import type { KernelResult, PeerResults, StepResult } from './measure-all.js';
import type { Patience } from './time.js';
import { TORCH_SCRIPT } from './torch-script.js';
import { STEP_SIZES } from './vae-step.js';

/** A line that the program prints: a result, what runs, or why nothing does. */
type Line =
  | { readonly absent: string }
  | { readonly description: string }
  | ({ readonly case: number } & Required<Pick<KernelResult, 'name' | 'times'>>)
  | StepResult;

const SECONDS = 90;

/** @returns the lines that the program prints, the reason last if it does not run to its end */
function runPython(input: string): Promise<Line[]> {
  return new Promise((resolve) => {
    const python = spawn('python3', ['-c', TORCH_SCRIPT], { timeout: 1000 * SECONDS });
    let [out, errors] = ['', ''];
    python.stdout.on('data', (part: Buffer) => {
      out += part;
    });
    python.stderr.on('data', (part: Buffer) => {
      errors += part;
    });
    const end = (reason: string | null): void => {
      const whole = out.slice(0, out.lastIndexOf('\n') + 1); // the last line may be incomplete
      const lines = whole.split('\n').filter((line) => line !== '');
      const absent = reason === null ? [] : [{ absent: `PyTorch: ${reason}` }];
      resolve([...lines.map((line) => JSON.parse(line) as Line), ...absent]);
    };
    python.on('error', () => end('python3 cannot be run'));
    python.on('close', (code, signal) => {
      if (code === 0) end(null);
      else end(signal === null ? (errors.trim().split('\n').at(-1) ?? '') : `stopped after ${SECONDS} s`);
    });
    python.stdin.on('error', () => {}); // reported by 'error' or 'close'
    python.stdin.end(input);
  });
}

export async function measureTorch(cases: readonly KernelCase[], patience: Patience): Promise<PeerResults> {
  const plan = {
    ...patience,
    cases: cases.map(({ group, operands, product }, index) => ({ index, group, operands, ...product })),
    steps: STEP_SIZES,
  };
  const lines = await runPython(JSON.stringify(plan));
  const kernels = lines.flatMap((line) => {
    if (!('case' in line)) return [];
    const { group, size, label, flops, bytes } = cases[line.case]!;
    return [{ group, size, label, flops, bytes, name: line.name, times: line.times }];
  });
  return {
    absent: lines.flatMap((line) => ('absent' in line ? [line.absent] : [])),
    descriptions: lines.flatMap((line) => ('description' in line ? [line.description] : [])),
    kernels,
    steps: lines.filter((line): line is StepResult => 'step' in line),
  };
}
