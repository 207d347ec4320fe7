/** examples/python/read.py reads each kind of file for which Python has a library, and names the others. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, Linear } from '@varigrad/nn';
import { encodeNpy, encodeNpz } from '@varigrad/nn/numpy';
import { SummaryWriter } from '@varigrad/vae/tensorboard';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';

const folder = mkdtempSync(join(tmpdir(), 'varigrad-read-'));
test.after(() => rmSync(folder, { recursive: true }));

const SCRIPT = readFileSync(fileURLToPath(new URL('../../examples/python/read.py', import.meta.url)), 'utf8');

/** What the script prints for a file. */
const printed = (python: string | undefined, path: string): string[] =>
  runPython(python as string, SCRIPT, [path])
    .trimEnd()
    .split('\n');

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const python = pythonWith('numpy');

testIf(python !== undefined)('npy and npz files', async () => {
  const codes = written('codes.npy', encodeNpy({ shape: [2, 3], data: new Float32Array(6) }));
  assert.equal(printed(python, codes), [`${codes} float32 [2, 3]`]);
  const state = new Linear(3, 2).stateDict();
  const weights = written('weights.npz', await encodeNpz(state, { compress: true }));
  assert.equal(printed(python, weights), ['weight float32 [2, 3]', 'bias float32 [2]']);
});

const torch = pythonWith('torch', 'numpy');

testIf(torch !== undefined)('safetensors files', () => {
  const state = new Linear(3, 2).stateDict();
  const path = written('model.safetensors', encodeSafetensors(state, {}, { dtype: 'F16' }));
  assert.equal(printed(torch, path), ['weight torch.float16 [2, 3]', 'bias torch.float16 [2]']);
});

testIf(python !== undefined)('ONNX files, or the name of the library that Python lacks', () => {
  const path = join(folder, 'model.onnx');
  const program = `
import sys, numpy
try:
    import onnx, onnx.helper, onnx.numpy_helper
    weight = onnx.numpy_helper.from_array(numpy.zeros((2, 3), 'f4'), 'weight')
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], 'g', [], [], [weight])), sys.argv[1])
    print('written')
except ImportError:
    open(sys.argv[1], 'w')`;
  const isWritten = runPython(python as string, program, [path]).trim() === 'written';
  assert.equal(printed(python, path), [
    isWritten ? 'weight float32 [2, 3]' : `${path}: left out, Python has no onnx`,
  ]);
});

testIf(pythonWith('tensorboard') !== undefined)('event files', async () => {
  const writer = new SummaryWriter(folder);
  writer.addScalar('loss/test', 106.25, 1);
  await writer.flush();
  assert.equal(printed(pythonWith('tensorboard'), writer.path), ['loss/test list [1]']);
});

test.run();
