/** npy, npz and safetensors files between the library and Python. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz, type NpyArray, type NpyType } from '@varigrad/nn/numpy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeZip } from '../../packages/nn/src/numpy/zip.js';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';

const python = pythonWith('numpy');
const testPython = testIf(python !== undefined);
const folder = mkdtempSync(join(tmpdir(), 'varigrad-numpy-'));
test.after(() => rmSync(folder, { recursive: true }));
const run = (program: string): string => runPython(python as string, program, [folder]);

/** Arrays of all types in NumPy, with values that both sides compute: v(i) for each element i. */
const PREAMBLE = `
import io, json, sys, zipfile
import numpy as np
from numpy.lib import format
folder = sys.argv[1] + '/'
TYPES = 'bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 complex64 complex128'.split()
def values(name, shape):
    i = np.arange(np.prod(shape, dtype=int))
    if name == 'bool': v = i % 3 == 0
    elif name.startswith('u'): v = (i.astype('u8') * np.uint64(2654435761)) % np.uint64(251)
    elif name.startswith('i'): v = i * 37 % 101 - 50
    elif name.startswith('c'): v = (i / 7 - 3) + 1j * (i / 3)
    else: v = i / 7 - 3
    return v.astype(name).reshape(shape)
ARRAYS = {f'{name}_{len(shape)}': values(name, shape) for name in TYPES for shape in [(), (5,), (2, 3), (2, 3, 4), (0, 3)]}
`;

/** The same values. */
function expected(dtype: NpyType, shape: readonly number[]): number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  const single = dtype === 'float32' || dtype === 'complex64';
  const round = (x: number): number => (single ? Math.fround(x) : x);
  return Array.from({ length: size }, (_, i) => i).flatMap((i) => {
    if (dtype === 'bool') return i % 3 === 0 ? 1 : 0;
    if (dtype.startsWith('u')) return (i * 2654435761) % 251;
    if (dtype.startsWith('i')) return ((i * 37) % 101) - 50;
    return dtype.startsWith('c') ? [round(i / 7 - 3), round(i / 3)] : round(i / 7 - 3);
  });
}

function check(name: string, array: NpyArray | undefined): void {
  const [dtype] = name.split('_') as [NpyType];
  assert.is(array?.dtype, dtype);
  const found = Array.from(array!.data as ArrayLike<number | bigint>, Number);
  const right = expected(dtype, array!.shape);
  assert.is(found.length, right.length);
  const tolerance = dtype === 'float16' ? 2 ** -10 : 0;
  assert.ok(
    found.every((value, i) => Math.abs(value - right[i]!) <= tolerance * Math.abs(right[i]!)),
    name,
  );
}

testPython('NumPy writes every type in both orders and all versions, and the library reads it', async () => {
  run(`${PREAMBLE}
np.savez(folder + 'stored.npz', **ARRAYS)
np.savez_compressed(folder + 'deflated.npz', **ARRAYS)
swapped = {name: np.asfortranarray(a.astype(a.dtype.newbyteorder('>'))) for name, a in ARRAYS.items()}
np.savez(folder + 'swapped.npz', **swapped)
with zipfile.ZipFile(folder + 'versions.npz', 'w') as archive:
    for i, (name, a) in enumerate(ARRAYS.items()):
        buffer = io.BytesIO()
        format.write_array(buffer, a, version=(1 + i % 3, 0))
        archive.writestr(name + '.npy', buffer.getvalue())
class Pipe(io.RawIOBase):
    def __init__(self, file): self.file = file
    def writable(self): return True
    def write(self, data): return self.file.write(data)
np.savez(Pipe(open(folder + 'descriptors.npz', 'wb')), **ARRAYS)
zipfile.ZIP64_LIMIT = 100
zipfile.ZIP_FILECOUNT_LIMIT = 2
np.savez(folder + 'zip64.npz', **ARRAYS)`);
  for (const file of ['stored', 'deflated', 'swapped', 'versions', 'descriptors', 'zip64']) {
    const bytes = readFileSync(join(folder, `${file}.npz`));
    assert.is(bytes.includes('PK\x06\x06'), file === 'zip64');
    const arrays = await decodeNpz(bytes, file);
    assert.is(Object.keys(arrays).length, 14 * 5 - 14); // (2, 3) and (0, 3) have one name
    for (const [name, array] of Object.entries(arrays)) check(name, array);
  }
});

testPython('the library writes every type in both orders, and NumPy reads it', async () => {
  const types = Object.entries(
    JSON.parse(run(`${PREAMBLE}print(json.dumps({n: list(a.shape) for n, a in ARRAYS.items()}))`)),
  );
  const read = await decodeNpz(readFileSync(join(folder, 'stored.npz')));
  assert.is(types.length, Object.keys(read).length);
  for (const [i, options] of [
    {},
    { byteOrder: 'big' },
    { fortranOrder: true },
    { compress: true, byteOrder: 'big', fortranOrder: true },
  ].entries())
    writeFileSync(join(folder, `ours${i}.npz`), await encodeNpz(read, options as never));
  const files = new Map(
    Object.entries(read).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const),
  );
  writeFileSync(join(folder, 'ours4.npz'), await writeZip(files, { compress: true, zip64: true }));
  writeFileSync(join(folder, 'one.npy'), encodeNpy(read.complex64_3!));
  run(`${PREAMBLE}
for i in range(5):
    assert zipfile.ZipFile(folder + f'ours{i}.npz').testzip() is None
    with np.load(folder + f'ours{i}.npz', allow_pickle=False) as arrays:
        assert sorted(arrays.files) == sorted(ARRAYS)
        for name, a in ARRAYS.items():
            b = arrays[name]
            assert b.dtype.newbyteorder('=') == a.dtype and b.shape == a.shape and (b == a).all(), name
one = np.load(folder + 'one.npy')
assert (one == ARRAYS['complex64_3']).all()`);
});

testPython('an array of objects, of text, of dates and of records by NumPy is refused', () => {
  run(`${PREAMBLE}
np.save(folder + 'objects.npy', np.array([{}, None]), allow_pickle=True)
np.save(folder + 'text.npy', np.array(['a', 'bc']))
np.save(folder + 'bytes.npy', np.array([b'a']))
np.save(folder + 'dates.npy', np.array(['2026-01-01'], dtype='M8[D]'))
np.save(folder + 'records.npy', np.zeros(2, dtype=[('x', 'f4'), ('y', 'i2')]))
np.save(folder + 'long.npy', np.zeros(2, dtype=np.longdouble))`);
  for (const name of ['objects', 'text', 'bytes', 'dates', 'records', 'long'])
    assert.throws(
      () => decodeNpy(readFileSync(join(folder, `${name}.npy`)), name),
      /convert the array with astype\(\)/,
    );
});

testPython('safetensors: F32, F16 and BF16 of the library in Python, and the reverse', () => {
  const tensors = {
    w: { shape: [2, 3], data: Float32Array.of(1, -0.1, 1e-7, 3e-5, 65504, 0.333333) },
    s: { shape: [], data: Float32Array.of(469) },
  };
  for (const dtype of ['F32', 'F16', 'BF16'] as const)
    writeFileSync(join(folder, `${dtype}.safetensors`), encodeSafetensors(tensors, { note: 'ü' }, { dtype }));
  run(`
import sys
import numpy as np
from safetensors_file import load, save
folder = sys.argv[1] + '/'
w = np.array([[1, -0.1, 1e-7], [3e-5, 65504, 0.333333]], 'f4')
bits = w.view('u4').astype('u8')
nearest = ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16 << 16).astype('u4').view('f4')
for dtype, right in [('F32', w), ('F16', w.astype('f2')), ('BF16', nearest)]:
    tensors, metadata = load(folder + dtype + '.safetensors')
    assert metadata['note'] == 'ü'
    assert (tensors['w'] == right).all() and tensors['w'].dtype == right.dtype, (dtype, tensors['w'])
    assert tensors['s'] == 469 and tensors['s'].shape == ()
save(folder + 'python.safetensors', {'w': w.astype('f2'), 'n': np.int64(7), 'd': w.astype('f8')})`);
  const { tensors: read, converted } = decodeSafetensors(readFileSync(join(folder, 'python.safetensors')));
  const half = decodeSafetensors(readFileSync(join(folder, 'F16.safetensors'))).tensors;
  assert.equal(read.w, half.w);
  assert.equal(read.n, { shape: [], data: Float32Array.of(7) });
  assert.equal(read.d, tensors.w);
  assert.equal(
    converted.map(({ name, dtype }) => `${name} ${dtype}`),
    ['w F16', 'n I64', 'd F64'],
  );
});

test.run();
