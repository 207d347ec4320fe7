/** PyTorch's times of the same cases, where a `python3` with torch is found. */
import { spawn } from 'node:child_process';
import type { KernelCase } from './cases.js';
import type { KernelResult, PeerResults, StepResult } from './measure-all.js';
import type { Patience } from './time.js';
import { TORCH_SCRIPT } from './torch-script.js';
import { STEP_SIZES } from './vae-step.js';

/** What the program prints: its results, or why there are none. */
type Answer =
  | { readonly absent: string }
  | {
      readonly description: string;
      readonly kernels: readonly { case: number; name: string; times: NonNullable<KernelResult['times']> }[];
      readonly steps: readonly StepResult[];
    };

const SECONDS = 300;

/** @returns what the program prints, or the reason why it does not run */
function runPython(input: string): Promise<Answer> {
  return new Promise((resolve) => {
    const absent = (reason: string): void => resolve({ absent: `PyTorch: ${reason}` });
    const python = spawn('python3', ['-c', TORCH_SCRIPT], { timeout: 1000 * SECONDS });
    let [out, errors] = ['', ''];
    python.stdout.on('data', (part: Buffer) => {
      out += part;
    });
    python.stderr.on('data', (part: Buffer) => {
      errors += part;
    });
    python.on('error', () => absent('python3 cannot be run'));
    python.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(out) as Answer);
      else
        absent(signal === null ? (errors.trim().split('\n').at(-1) ?? '') : `no result after ${SECONDS} s`);
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
  const answer = await runPython(JSON.stringify(plan));
  if ('absent' in answer) return { absent: [answer.absent], kernels: [], steps: [], descriptions: [] };
  const kernels = answer.kernels.map(({ case: index, name, times }) => {
    const { group, size, label, flops, bytes } = cases[index]!;
    return { group, size, label, flops, bytes, name, times };
  });
  return { absent: [], kernels, steps: answer.steps, descriptions: [answer.description] };
}
