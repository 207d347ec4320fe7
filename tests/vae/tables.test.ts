/** Tables of numbers: CSV, standardisation, and a VAE of a table from the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, randn } from '@varigrad/core';
import { parseCsv, restored, standardizationOf, standardized } from '@varigrad/vae';
import { fromPretrained, loadRun, savePretrained } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadData } from '../../packages/vae/src/run/data.js';
import { pythonWith, runPython } from '../helpers/python-here.js';
import { call, does, isRefused } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-tables-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test('names, separators, line ends and a column of classes', () => {
  const plain = parseCsv('1,2.5\n-3e2,.5\n');
  assert.equal(
    [plain.columns, [...plain.values], plain.count, plain.classes],
    [['column 1', 'column 2'], [1, 2.5, -300, 0.5], 2, 0],
  );
  for (const text of [
    'a;Class;b\r\n1;2;3\r\n4;0;6\r\n',
    '\uFEFF"a"\t"Class"\t"b"\n1\t2\t3\n4\t0\t6',
    'a, Class ,b\n1, 2,3\n 4,0,6\n\n',
    '"a";Class;b\n"1";2;3\n4; "0" ;6',
  ]) {
    const table = parseCsv(text);
    assert.equal(
      [table.columns, [...table.values], [...table.labels], table.classes],
      [['a', 'b'], [1, 3, 4, 6], [2, 0], 3],
    );
  }
});

test('separators and quotation marks inside of quotation marks', () => {
  const quoted = parseCsv('"a, in m";"b ""x"";";c\n"1";2;3\n');
  assert.equal(
    [quoted.columns, [...quoted.values]],
    [
      ['a, in m', 'b "x";', 'c'],
      [1, 2, 3],
    ],
  );
  assert.equal(parseCsv('"a,b",c\n1,2\n').columns, ['a,b', 'c']);
});

test('a damaged table is refused with the line', () => {
  const faults: readonly [text: string, message: string][] = [
    ['', 'f: there are no rows of numbers'],
    ['a,b\n', 'f: there are no rows of numbers'],
    ['a,b\n1\n', 'f: line 2 has 1 fields, expected 2'],
    ['a,b\n1,2\n3,\n', 'f: line 3, b: expected a number, found "" — remove the row, or fill the field'],
    ['1,2\n3,x\n', 'f: line 2, column 2: expected a number, found "x" — remove the row, or fill the field'],
    ['a,b\n1,NaN\n', 'f: line 2, b: expected a number, found "NaN" — remove the row, or fill the field'],
    ['a,b\n1,0x10\n', 'f: line 2, b: expected a number, found "0x10" — remove the row, or fill the field'],
    ['a,b\n1,1e999\n', 'f: line 2, b: expected a number, found "1e999" — remove the row, or fill the field'],
    ['a,a\n1,2\n', 'f: the column name "a" is there twice'],
    [
      'a,label\n1,2.5\n',
      'f: line 2, label: expected a class from 0 to 255, found "2.5" — number the classes from 0',
    ],
    [
      'a,Class\n1,cat\n',
      'f: line 2, Class: expected a class from 0 to 255, found "cat" — number the classes from 0',
    ],
    [
      '1,NA,3\n4,5,6\n',
      'f: line 1, column 2: expected a number, found "NA" — remove the row, or fill the field',
    ],
    ['1,,3\n4,5,6\n', 'f: line 1, column 2: expected a number, found "" — remove the row, or fill the field'],
    ['a\n"1,5"\n', 'f: line 2, a: expected a number, found "1,5" — remove the row, or fill the field'],
    ['a,b\n1,2\n\n3,4\n', 'f: line 3 is empty — remove it'],
    ['\na,b\n1,2\n', 'f: line 1 is empty — remove it'],
    [',a\n0,1\n', 'f: column 1 has no name — name it, or remove it'],
    ['label\n1\n', 'f: there is no column besides the classes'],
  ];
  for (const [text, message] of faults) {
    let found = 'accepted';
    try {
      parseCsv(text, 'f');
    } catch (error) {
      found = (error as Error).message;
    }
    assert.is(found, message);
  }
});

test('columns are standardised by the first rows, and restored exactly enough', () => {
  const table = parseCsv('a,b,c\n1,1e9,5\n3,1000000002,5\n8,0,5\n');
  const standardization = standardizationOf(table, 2);
  assert.equal(standardization, { columns: ['a', 'b', 'c'], means: [2, 1e9 + 1, 5], deviations: [1, 1, 1] });
  const { images, imageShape, count } = standardized(table, standardization);
  assert.equal([imageShape, count], [[1, 3], 3]);
  assert.equal([...images.subarray(0, 6)], [-1, -1, 0, 1, 1, 0]);
  assert.equal([...restored(images.subarray(0, 6), standardization)], [1, 1e9, 5, 3, 1e9 + 2, 5]);
});

test('numbers that are too large to be standardised are refused', () => {
  const large = parseCsv('a,b\n1,1\n2,1e200\n');
  assert.throws(() => standardizationOf(large, 2), /column b are too large: their squares overflow/);
  const last = parseCsv('a,b\n1,1\n2,2\n3,1e40\n');
  assert.throws(
    () => standardized(last, standardizationOf(last, 2)),
    /^standardized: row 3, b: 1e\+40 is too far from the mean 1.5 for float32/,
  );
});

test('tables in UTF-16, with idx in their name, and with a class that is missing', async () => {
  const path = join(scratch, 'idx-16.csv');
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 7},${1 + (i % 2)}`);
  writeFileSync(path, Buffer.from(`\uFEFFa,b,label\n${rows.join('\n')}\n`, 'utf16le'));
  const { train, notes } = await loadData(path);
  assert.equal([train.standardization?.columns, train.classes], [['a', 'b'], 3]);
  assert.ok(notes.includes('No training row of class 0: 3 classes are counted, from 0.'), notes.join());
});

const numpy = pythonWith('numpy');
if (numpy !== undefined)
  test('a table that NumPy writes has its numbers, and its means and deviations', () => {
    const path = join(scratch, 'numpy.csv');
    const printed = runPython(
      numpy,
      `import sys, json, numpy as np
a = np.random.default_rng(3).normal(50, 7, (40, 5)) * [1, 1e-3, 1e6, 2, 3]
np.savetxt(sys.argv[1], a, delimiter=',', header='p,q,r,s,t', comments='')
print(json.dumps([a.ravel().tolist(), a[:30].mean(0).tolist(), a[:30].std(0).tolist()]))`,
      [path],
    );
    const [values, means, deviations] = JSON.parse(printed) as [number[], number[], number[]];
    const table = parseCsv(readFileSync(path, 'utf8'));
    assert.equal([...table.values], values);
    const found = standardizationOf(table, 30);
    for (const [c, mean] of means.entries()) {
      assert.ok(Math.abs(found.means[c]! / mean - 1) < 1e-12);
      assert.ok(Math.abs(found.deviations[c]! / deviations[c]! - 1) < 1e-12);
    }
  });

/** Rows (u, 100 + 3 u + noise, −u, 5) for u ~ N(0, 1). */
async function writeTable(path: string, count: number): Promise<void> {
  const draws = await randn([2 * count], { generator: new Generator(4) }).data();
  const rows = Array.from({ length: count }, (_, i) => {
    const [u, noise] = [draws[2 * i]!, draws[2 * i + 1]!];
    return [u, 100 + 3 * u + 0.3 * noise, -u + 0.1 * noise, 5].join(',');
  });
  writeFileSync(path, `${['first', 'second', '"third"', 'fourth'].join(',')}\n${rows.join('\n')}\n`);
}

test('a VAE of a table: training, evaluation, and samples in the units of the table', async () => {
  const [path, run] = [join(scratch, 'rows.csv'), join(scratch, 'run')];
  await writeTable(path, 1000);
  const options =
    '--likelihood gaussian --mean-link identity --latent 2 --hidden 16 --epochs 30 --batch 50 --lr 0.005 --threads 1';
  const printed = await does('train', '--data', path, ...options.split(' '), '--out', run);
  assert.ok(
    printed.includes(
      'A table of 4 columns, standardised by the 900 rows for training: first, second, third, …',
    ),
    printed,
  );
  assert.ok(
    printed.includes('Constant columns: fourth.') && printed.includes('900 rows, 30 epochs'),
    printed,
  );
  assert.not.ok(printed.includes('samples-'), 'no pictures of numbers');
  assert.match(await does('evaluate', run), /100 test images/);

  const onImages = 'the run was trained on a table, and';
  await isRefused(['inpaint', run], `${onImages} a sheet shows images — use evaluate or sample`);
  await isRefused(['export', run, '--html'], `${onImages} --html shows images — use --esm or --onnx`);
  const loaded = await loadRun(run);
  const { standardization } = loaded;
  await savePretrained(join(scratch, 'model'), loaded);
  assert.equal((await fromPretrained(join(scratch, 'model'))).standardization, standardization);
  assert.equal(standardization?.columns, ['first', 'second', 'third', 'fourth']);
  await isRefused(
    ['sample', run, '--out', 'a.png'],
    '--out a.png: expected a name that ends in .csv, for the rows of a table',
  );
  await does('sample', run, '--rows', '100', '--columns', '20');
  const samples = parseCsv(readFileSync(join(run, 'samples.csv'), 'utf8'));
  assert.equal([samples.count, samples.columns], [2000, ['first', 'second', 'third', 'fourth']]);
  const column = (c: number): number[] => Array.from({ length: 2000 }, (_, i) => samples.values[4 * i + c]!);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [u, v] = [column(0), column(1)];
  const deviation = (x: number[]): number => Math.sqrt(mean(x.map((value) => (value - mean(x)) ** 2)));
  const correlation =
    mean(u.map((value, i) => (value - mean(u)) * (v[i]! - mean(v)))) / (deviation(u) * deviation(v));
  assert.ok(
    Math.abs(mean(v) - 100) < 1 && deviation(v) > 2 && deviation(v) < 4,
    `${mean(v)} ± ${deviation(v)}`,
  );
  assert.ok(correlation > 0.8, `${correlation}`);

  // Other rows are standardised as the rows of the training.
  const shifted = join(scratch, 'shifted.csv');
  const text = readFileSync(path, 'utf8').split('\n');
  writeFileSync(
    shifted,
    [text[0], ...text.slice(1, 31).map((line) => line.replace(/,[^,]*,/, ',400,'))].join('\n'),
  );
  const other = await (await loadRun(run, { data: shifted })).data();
  const expected = (400 - standardization!.means[1]!) / standardization!.deviations[1]!;
  assert.ok(Math.abs(other.train.images[1]! - expected) < 1e-3);
  writeFileSync(shifted, 'x,second,third,fourth\n1,2,3,4\n1,2,3,4\n');
  await (await loadRun(run, { data: shifted })).data().then(
    () => assert.unreachable(),
    (error: Error) =>
      assert.match(
        error.message,
        /expected the columns first, second, third, … of the run, found x, second, third, … — column 1 is x in place of first$/,
      ),
  );
  assert.match((await call('reconstruct', run)).err, /the run was trained on a table/);
  const figures = await does('figures', run, '--out', join(scratch, 'figures'));
  assert.ok(
    figures.includes('reconstructions: left out, since the data are a table') && figures.includes('kl.svg'),
    figures,
  );
});

test('samples of a conditional model have their classes', async () => {
  const [path, run] = [join(scratch, 'classes.csv'), join(scratch, 'conditional')];
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 2},${i % 5},${(i * i) % 7}`);
  writeFileSync(path, `class,"a ""x"", in m",b\n${rows.join('\n')}\n`);
  const options = '--model cvae --likelihood gaussian --mean-link identity --hidden 4 --epochs 1 --threads 1';
  await does('train', '--data', path, ...options.split(' '), '--out', run);
  await does('sample', run, '--rows', '2', '--columns', '3');
  const { columns, labels } = parseCsv(readFileSync(join(run, 'samples.csv'), 'utf8'));
  assert.equal(
    [columns, [...labels]],
    [
      ['a "x", in m', 'b'],
      [0, 1, 0, 1, 0, 1],
    ],
  );
});

test('choices that do not fit a table are refused', async () => {
  const path = join(scratch, 'small.csv');
  writeFileSync(path, '1,2\n3,4\n5,7\n');
  const refused = async (message: RegExp, ...options: readonly string[]): Promise<void> => {
    const { code, err } = await call('train', '--data', path, ...options, '--out', join(scratch, 'none'));
    assert.is(code, 2);
    assert.match(err, message);
  };
  const advice = /write --likelihood gaussian --mean-link identity/;
  await refused(advice);
  await refused(advice, '--likelihood', 'gaussian');
  const real = ['--likelihood', 'gaussian', '--mean-link', 'identity'];
  await refused(/it is a table — leave out/, ...real, '--size', '4');
  await refused(/it is a table — leave out/, ...real, '--network', 'convolutional');
});

test.run();
