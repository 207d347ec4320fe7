/**
 * ONNX files against onnxruntime: every case of the table of operations, and every part of every model at batch sizes 1, 3 and 128.
 * The checker of Python's onnx reads the files of the models where it is installed (Debian: python3-onnx).
 *
 *   npm run test:onnx                  everything
 *   npm run test:onnx -- linear VAE    the operations and models with these names
 *
 * onnxruntime-web is installed into this folder by this command only. The last line is `N passed, N failed`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, type Tensor } from '@varigrad/core';
import { exportGraph, toOnnx } from '@varigrad/core/export';
import { caseInputs, type OpCase, opCases, toTensor } from '@varigrad/core/testing';
import { exportOnnx, type ModelPart } from '@varigrad/vae/export';
import { computePart, MODEL_PARTS } from '../../packages/vae/src/export/parts.js';
import { ROOT } from '../../scripts/packages.js';
import { runProgram, runSteps, type Step } from '../../scripts/steps.js';
import { argumentsOf, exportedModels, largestError } from '../helpers/exported-models.js';

/** What is used of onnxruntime-web. The folder of the package may be absent when types are checked. */
interface Runtime {
  env: { wasm: { numThreads: number }; logLevel: string };
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => RuntimeTensor;
  InferenceSession: { create(file: Uint8Array): Promise<Session> };
}

interface RuntimeTensor {
  data: Float32Array;
  dims: readonly number[];
}

interface Session {
  run(inputs: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

const TOLERANCE = 1e-5;

const runtime: Runtime = await import(
  new URL('node_modules/onnxruntime-web/dist/ort.wasm.min.mjs', import.meta.url).href
);
runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = 'error';

/** Runs a file on several lists of arguments. @returns the results as [values, shape] by name */
async function withSession<T>(
  file: Uint8Array,
  use: (run: (inputs: Record<string, Tensor>) => Promise<Record<string, RuntimeTensor>>) => Promise<T>,
): Promise<T> {
  const session = await runtime.InferenceSession.create(file);
  try {
    return await use((inputs) => {
      const feeds = Object.entries(inputs).map(([name, t]) => {
        const values = Float32Array.from(t.dataSync());
        return [name, new runtime.Tensor('float32', values, t.shape)] as const;
      });
      return session.run(Object.fromEntries(feeds));
    });
  } finally {
    await session.release();
  }
}

function checkShape(found: RuntimeTensor, right: Tensor): void {
  if (String(found.dims) !== String(right.shape))
    throw new Error(`expected the shape [${right.shape}], found [${found.dims}]`);
}

const INDEXED = ['indexSelect', 'indexAdd', 'gather', 'scatterAdd'];

/** Runs one case. @returns whether the operation has an ONNX form */
async function runCase(c: OpCase): Promise<boolean> {
  const operands = caseInputs(c, 3).map(toTensor);
  const named = operands.flatMap((t, i) => {
    const isIndex = INDEXED.includes(c.op) && c.inputs[i]!.below !== undefined;
    return isIndex ? [] : [[`x${i}`, t] as const];
  });
  const inputs = Object.fromEntries(named);
  const graph = exportGraph((args) => ({ y: c.run(...operands.map((t, i) => args[`x${i}`] ?? t)) }), {
    inputs: Object.fromEntries(named.map(([name, { shape }]) => [name, shape])),
  });
  const file = toOnnxOrNull(graph);
  if (file === null) return false;
  const right = c.run(...operands);
  const { y } = await withSession(file, (run) => run(inputs));
  checkShape(y!, right);
  const values = Array.from(right.dataSync());
  const mean = values.reduce((sum, x) => sum + Math.abs(x), 0) / Math.max(1, values.length);
  values.forEach((value, i) => {
    const error = Math.abs(y!.data[i]! - value) / Math.max(Math.abs(value), mean);
    const isEqual = Object.is(value, y!.data[i]) || value === y!.data[i];
    if (!isEqual && !(error <= TOLERANCE))
      throw new Error(`${c.label}: element ${i} must be ${value}, found ${y!.data[i]}`);
  });
  return true;
}

function toOnnxOrNull(graph: Parameters<typeof toOnnx>[0]): Uint8Array | null {
  try {
    return toOnnx(graph);
  } catch (error) {
    if (/a kernel must not be empty/.test((error as Error).message)) return null;
    throw error;
  }
}

function operationStep(op: string): Step {
  const cases = opCases.filter((c) => c.op === op);
  return {
    name: `${op}: ${cases.length} cases`,
    async run() {
      for (const c of cases)
        if (!(await runCase(c))) console.log(`      ${c.label}: refused, ONNX has no empty kernels`);
    },
  };
}

const PARTS = Object.keys(MODEL_PARTS) as ModelPart[];
const folder = mkdtempSync(join(tmpdir(), 'varigrad-onnx-'));
let files = 0;

/** @returns the largest error */
async function runPart(name: string, part: ModelPart): Promise<number> {
  let worst = 0;
  const model = exportedModels[name]!();
  const file = exportOnnx(model, part);
  writeFileSync(join(folder, `${files++}.onnx`), file);
  const generator = new Generator(7);
  await withSession(file, async (run) => {
    for (const batch of [1, 3, 128]) {
      const inputs = argumentsOf(model, part, batch, generator);
      const found = await run(inputs);
      for (const [key, right] of Object.entries(computePart(model, part, inputs))) {
        checkShape(found[key]!, right);
        const error = largestError(found[key]!.data, right.dataSync());
        worst = Math.max(worst, error);
        if (!(error <= TOLERANCE)) throw new Error(`${part}: ${key} of ${batch} images is wrong by ${error}`);
      }
    }
  });
  return worst;
}

const modelStep = (name: string): Step => ({
  name: `${name}: encoder, decoder and model at batch sizes 1, 3 and 128`,
  async run() {
    const errors: number[] = [];
    for (const part of PARTS) errors.push(await runPart(name, part));
    console.log(`      largest error ${Math.max(...errors).toExponential(1)}`);
  },
});

const CHECKER = `
import sys, pathlib, onnx
files = list(pathlib.Path(sys.argv[1]).glob('*.onnx'))
for file in files:
    onnx.checker.check_model(onnx.load(file), full_check=True)
print(f'{len(files)} files, onnx {onnx.__version__}')
`;

/** The python3 that has onnx: the first one may be a version manager's, while Debian's packages belong to /usr/bin/python3. */
async function findPython(): Promise<string | undefined> {
  for (const path of ['python3', '/usr/bin/python3'])
    if (
      await runProgram(path, ['-c', 'import onnx'], ROOT).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
}

const python = await findPython();
const checkerStep: Step = {
  name: "the checker of Python's onnx accepts the files",
  async run() {
    console.log(`      ${(await runProgram(python!, ['-c', CHECKER, folder], ROOT)).trim()}`);
  },
};

const words = process.argv.slice(2);
const chosen = (name: string): boolean => words.length === 0 || words.includes(name);
const operations = [...new Set(opCases.map(({ op }) => op))].filter(chosen);
const models = Object.keys(exportedModels).filter(chosen);
if (python === undefined)
  console.log("left out: the checker of Python's onnx — on Debian: apt-get install python3-onnx");
try {
  await runSteps([
    ...operations.map(operationStep),
    ...models.map(modelStep),
    ...(python === undefined || models.length === 0 ? [] : [checkerStep]),
  ]);
} finally {
  rmSync(folder, { recursive: true });
}
