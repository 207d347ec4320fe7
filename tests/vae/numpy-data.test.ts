/** Data sets from npy and npz files, most of them written by NumPy. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeNpy, encodeNpz } from '@varigrad/nn/numpy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadData } from '../../packages/vae/src/run/data.js';
import { AS_THEY_ARE } from '../../packages/vae/src/run/preparation.js';
import { pythonWith, runPython } from '../helpers/python-here.js';
import { isRefused } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-numpy-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const refusal = (name: string): Promise<string> =>
  loadData(name).then(
    () => 'accepted',
    (error: Error) => error.message.replaceAll(`${scratch}/`, ''),
  );

/** Both sets, one after the other. */
async function all(name: string) {
  const { train, test: held } = await loadData(name);
  return {
    ...train,
    count: train.count + held.count,
    images: [...train.images, ...held.images],
    labels: [...train.labels, ...held.labels],
  };
}

/** Values 0, 1, 2, … as bytes. */
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 256);

test('npy: the layouts of images', async () => {
  const layouts: readonly [shape: number[], imageShape: number[]][] = [
    [
      [2, 3, 4],
      [3, 4],
    ],
    [
      [2, 1, 3, 4],
      [3, 4],
    ],
    [
      [2, 3, 17, 4],
      [3, 17, 4],
    ],
    [
      [2, 8, 9, 1],
      [8, 9],
    ],
    [
      [2, 5, 8, 9],
      [5, 8, 9],
    ],
    [
      [3, 16],
      [4, 4],
    ],
  ];
  for (const [shape, imageShape] of layouts) {
    const path = join(scratch, 'a.npy');
    const data = bytes(shape.reduce((a, b) => a * b));
    writeFileSync(path, encodeNpy({ shape, data }));
    const found = await all(path);
    assert.equal([found.imageShape, found.count, found.classes], [imageShape, shape[0], 0]);
    assert.equal(
      found.images,
      Array.from(data, (value) => Math.fround(value / 255)),
    );
  }
});

test('npy: channels in the last axis come first', async () => {
  const path = join(scratch, 'last.npy');
  writeFileSync(path, encodeNpy({ shape: [2, 8, 9, 3], data: bytes(432) }));
  assert.equal((await all(path)).imageShape, [3, 8, 9]);
  writeFileSync(path, encodeNpy({ shape: [2, 20, 17, 3], data: bytes(2040) }));
  const { images, imageShape } = await all(path);
  assert.equal(imageShape, [3, 20, 17]);
  for (const [i, c, at] of [
    [0, 0, 0],
    [0, 2, 339],
    [1, 1, 17],
  ] as const)
    assert.is(images[(i * 3 + c) * 340 + at], Math.fround(((i * 1020 + 3 * at + c) % 256) / 255));
});

const numpy = pythonWith('numpy');
if (numpy !== undefined) {
  test('npy and npz files of NumPy: types, orders, names of arrays', async () => {
    const expected = JSON.parse(
      runPython(
        numpy,
        `import sys, json, numpy as np
folder = sys.argv[1]
rng = np.random.default_rng(1)
a = rng.integers(0, 256, (6, 3, 5, 4), dtype=np.uint8)
y = np.array([0, 1, 2, 0, 1, 2])
unit = (a / 255).astype(np.float32)
save = lambda name, array: np.save(f'{folder}/{name}.npy', array)
save('u1', a)
save('fortran', np.asfortranarray(a))
save('i8', a.astype(np.int64))
save('big', a.astype('>i4'))
save('f4', unit)
save('f8', a / 255)
save('f255', a.astype(np.float32))
save('bool', a > 127)
save('labels', y)
np.savez(f'{folder}/named.npz', images=a, labels=y)
np.savez_compressed(f'{folder}/keras.npz', x_train=a[:4], y_train=y[:4], x_test=a[4:], y_test=y[4:, None])
np.savez(f'{folder}/positional.npz', a, y)
print(json.dumps([a.ravel().tolist(), y.tolist()]))`,
        [scratch],
      ),
    ) as [number[], number[]];
    const [values, classes] = expected;
    const unit = values.map((value) => Math.fround(value / 255));
    for (const name of ['u1', 'fortran', 'i8', 'big', 'f4', 'f8', 'f255']) {
      const found = await all(join(scratch, `${name}.npy`));
      assert.equal([found.imageShape, found.count], [[3, 5, 4], 6], name);
      assert.equal(found.images, unit, name);
    }
    assert.equal(
      (await all(join(scratch, 'bool.npy'))).images,
      values.map((value) => Number(value > 127)),
    );
    for (const name of [
      join(scratch, 'named.npz'),
      join(scratch, 'keras.npz'),
      join(scratch, 'positional.npz'),
      `${join(scratch, 'u1.npy')},${join(scratch, 'labels.npy')}`,
    ]) {
      const found = await all(name);
      assert.equal([found.images, found.labels, found.classes], [unit, classes, 3], name);
    }
    const keras = await loadData(join(scratch, 'keras.npz'), { ...AS_THEY_ARE, grey: true });
    assert.equal([keras.train.count, keras.test.count, keras.train.imageShape], [4, 2, [5, 4]]);
  });

  test('arrays of NumPy that are no images are refused', async () => {
    runPython(
      numpy,
      `import sys, numpy as np
save = lambda name, array: np.save(f'{sys.argv[1]}/{name}.npy', array)
save('text', np.array(['a', 'b']))
save('complex', np.zeros((2, 4, 4), dtype=np.complex64))
save('huge', np.full((2, 4, 4), 2**40))
save('negative', np.full((2, 4, 4), -1.5))
save('nan', np.full((2, 4, 4), np.nan))
save('flat', np.zeros((3, 15)))
save('empty', np.zeros((0, 4, 4)))
save('channels', np.zeros((2, 20, 20, 20)))`,
      [scratch],
    );
    assert.match(await refusal(join(scratch, 'text.npy')), /^text.npy: the type '<U1' is text/);
    assert.match(
      await refusal(join(scratch, 'complex.npy')),
      /expected real numbers, found complex64 — save .real/,
    );
    assert.match(await refusal(join(scratch, 'huge.npy')), /expected numbers below 2³¹, found 1099511627776/);
    assert.match(
      await refusal(join(scratch, 'negative.npy')),
      /the pixels are -1.5 to -1.5 — expected 0 to 255/,
    );
    assert.match(await refusal(join(scratch, 'nan.npy')), /the pixel at index 0 is NaN/);
    assert.match(await refusal(join(scratch, 'flat.npy')), /expected images .* found \[3, 15\]/);
    assert.match(await refusal(join(scratch, 'empty.npy')), /expected images .* found \[0, 4, 4\]/);
    assert.match(await refusal(join(scratch, 'channels.npy')), /expected at most 16 channels/);
  });
}

test('labels and names that do not fit are refused', async () => {
  const images = { shape: [3, 2, 2], data: bytes(12) };
  const write = async (arrays: Parameters<typeof encodeNpz>[0]): Promise<string> => {
    const path = join(scratch, 'f.npz');
    writeFileSync(path, await encodeNpz(arrays));
    return refusal(path);
  };
  assert.is(
    await write({ images, labels: { shape: [2], data: bytes(2) } }),
    'f.npz: labels: 2 labels for the 3 images of f.npz: images',
  );
  assert.is(
    await write({ images, labels: { shape: [3, 2], data: bytes(6) } }),
    'f.npz: labels: expected labels [count] or [count, 1], found [3, 2]',
  );
  assert.is(
    await write({ images, labels: { shape: [3], data: Float32Array.of(0, 1, 0.5) } }),
    'f.npz: labels: label 0.5 at index 2 — expected whole numbers from 0 to 255',
  );
  assert.match(
    await write({ pixels: images }),
    /^f.npz: expected an array images, x, data, arr_0, or x_train and x_test, found pixels/,
  );
  const [x_train, labels] = [images, { shape: [3], data: bytes(3) }];
  assert.is(
    await write({ x_train, y_train: labels, x_test: images }),
    'f.npz: only the training images have labels — save y_train and y_test, or neither',
  );
  assert.is(
    await write({ x_train, x_test: images, y_test: labels }),
    'f.npz: only the test images have labels — save y_train and y_test, or neither',
  );
  const wide = { shape: [3, 2, 3], data: bytes(18) };
  assert.is(
    await write({ x_train, x_test: wide }),
    '--data f.npz: the images for training have 2 × 2 pixels, those for testing 2 × 3 — give them one shape with --size or --grey',
  );
  const { test: held } = await loadData(join(scratch, 'f.npz'), { ...AS_THEY_ARE, size: 2 });
  assert.equal(held.imageShape, [2, 2]);
  writeFileSync(join(scratch, 'cut.npy'), encodeNpy(images).subarray(0, 135));
  assert.match(await refusal(join(scratch, 'cut.npy')), /^cut.npy: .*truncated$/);
  truncateSync(join(scratch, 'cut.npy'), 3e9); // it takes no room on the disk
  assert.match(
    await refusal(join(scratch, 'cut.npy')),
    /it has 3000000000 bytes, and a run holds its images in memory/,
  );
  assert.match(await refusal('absent.npy,labels.npy'), /there is no such file or folder/);
});

test('the command line refuses such data before it trains', async () => {
  const path = join(scratch, 'negative.npy');
  writeFileSync(path, encodeNpy({ shape: [3, 2, 2], data: new Float32Array(12).fill(-1) }));
  await isRefused(
    ['train', '--data', path, '--out', join(scratch, 'none')],
    `${path}: the pixels are -1 to -1 — expected 0 to 255, or floats from 0 to 1`,
  );
});

test('--grey is refused for other channels than colours', async () => {
  const path = join(scratch, 'four.npy');
  writeFileSync(path, encodeNpy({ shape: [3, 4, 2, 2], data: bytes(48) }));
  await isRefused(
    ['train', '--data', path, '--grey', '--out', join(scratch, 'none')],
    '--grey: an image has 4 channels — it turns red, green and blue into grey, so leave it out',
  );
});

test('a network that does not fit the images is refused, too', async () => {
  const path = join(scratch, 'small.npy');
  writeFileSync(path, encodeNpy({ shape: [3, 2, 2], data: bytes(12) }));
  await isRefused(
    ['train', '--data', path, '--network', 'convolutional', '--out', join(scratch, 'none')],
    'ConvolutionalBody: a 2 × 2 image is too small for 2 convolutions, each of which halves it — use fewer',
  );
});

test('whole numbers 0 and 1 that become almost black are reported', async () => {
  const path = join(scratch, 'bits-idx.npy');
  writeFileSync(path, encodeNpy({ shape: [3, 2, 2], data: bytes(12).map((value) => value % 2) }));
  const { notes } = await loadData(path);
  assert.match(
    notes.join('\n'),
    /^The brightest pixel is 0.0039, and white is 1: integers are read as 0 to 255/m,
  );
});

test.run();
