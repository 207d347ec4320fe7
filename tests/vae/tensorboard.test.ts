/** Event files for TensorBoard, read back by an independent reader; and the CSV of a run. */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manualSeed, rand } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { fit, metricsCsv, Raster, VAE } from '@varigrad/vae';
import { decodePng } from '@varigrad/vae/node';
import { logEpoch, SummaryWriter } from '@varigrad/vae/tensorboard';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32c, maskedCrc32c } from '../../packages/vae/src/tensorboard/crc32c.js';
import { crc32cOf, type Event, eventsOf } from '../helpers/event-file.js';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';
import { refuses } from '../helpers/refuses.js';
import { does, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-tensorboard-'));
test.after(() => rmSync(scratch, { recursive: true }));

test('CRC-32C has the values of RFC 3720, B.4, and is masked as the format says', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  for (const [bytes, crc] of [
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(255), 0x62a8ab43],
    [ascending, 0x46dd794e],
    [ascending.toReversed(), 0x113fdb5c],
    [Buffer.from('123456789'), 0xe3069283],
  ] as const) {
    assert.is(crc32c(bytes), crc);
    assert.is(crc32cOf(bytes), crc);
    assert.is(
      maskedCrc32c(bytes),
      Number(((BigInt(crc) >> 15n) + ((BigInt(crc) << 17n) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn),
    );
  }
});

test('scalars, pictures and histograms are read back with their tags and steps', async () => {
  const writer = new SummaryWriter(join(scratch, 'made', 'deep'));
  assert.not.ok(existsSync(writer.path));
  const picture = new Raster(300, 2);
  picture.rect(0, 0, 150, 2, [255, 0, 0]);
  writer.addScalar('loss/train', 106.25, 1);
  writer.addScalar('größe', Number.NaN, 2 ** 40);
  writer.addImage('samples', picture, 3);
  await writer.flush();
  const values = Float32Array.of(-2, -1e-13, 0, 0, 1e-12, 0.5, 0.5, 3);
  writer.addHistogram('weights', values, 4);
  await writer.flush();
  await writer.flush();
  const [version, loss, odd, samples, weights, ...more] = eventsOf(readFileSync(writer.path)) as [
    Event,
    Event,
    Event,
    Event,
    Event,
  ];
  assert.equal(more, []);
  assert.is(version.version, 'brain.Event:2');
  assert.ok(Math.abs(version.seconds - Date.now() / 1000) < 60);
  assert.equal([loss.tag, loss.scalar, loss.step], ['loss/train', 106.25, 1]);
  assert.equal([odd.tag, odd.scalar, odd.step], ['größe', Number.NaN, 2 ** 40]);
  assert.equal(
    [samples.tag, samples.step, samples.image!.width, samples.image!.height],
    ['samples', 3, 300, 2],
  );
  const { width, height } = decodePng(samples.image!.png);
  assert.equal([width, height], [300, 2]);
  const { least, most, count, sum, squares, limits, counts } = weights.histogram!;
  assert.equal([least, most, count], [-2, 3, 8]);
  const exact = [...values];
  assert.is(
    sum,
    exact.reduce((a, b) => a + b, 0),
  );
  assert.is(
    squares,
    exact.reduce((a, b) => a + b * b, 0),
  );
  assert.is(limits.length, counts.length);
  assert.ok(limits.every((limit, i) => i === 0 || limit > limits[i - 1]!));
  const inBuckets = limits.map(
    (limit, i) => exact.filter((value) => value < limit && (i === 0 || value >= limits[i - 1]!)).length,
  );
  assert.equal(counts, inBuckets);
  assert.is(
    counts.reduce((a, b) => a + b),
    8,
  );
});

test('histograms of extreme values', async () => {
  const writer = new SummaryWriter(join(scratch, 'extreme'));
  for (const values of [[0], [1e300, -1e300], [3.4e38], Float64Array.of(-1e19)])
    writer.addHistogram('x', values, 0);
  await writer.flush();
  const all = eventsOf(readFileSync(writer.path)).slice(1);
  assert.equal(
    all.map(({ histogram }) => histogram!.counts.reduce((a, b) => a + b)),
    [1, 2, 1, 1],
  );
  assert.ok(all[1]!.histogram!.limits.at(-1)! > 1e300);
});

test('a flush that was interrupted is repeated in place', async () => {
  const writer = new SummaryWriter(join(scratch, 'interrupted'));
  writer.addScalar('a', 1, 1);
  await writer.flush();
  appendFileSync(writer.path, 'half of a record that a full disk cut');
  writer.addScalar('a', 2, 2);
  writer.addImage('large', new Raster(40, 40), 2);
  await writer.flush();
  assert.equal(
    eventsOf(readFileSync(writer.path)).map(({ step }) => step),
    [0, 1, 2, 2],
  );
  rmSync(writer.path);
  writer.addScalar('a', 3, 3);
  const error = await writer.flush().then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.match(error!.message, /SummaryWriter: .*tfevents.*: there is no such file or folder \(ENOENT\)/);
});

test('flushes at the same time write every record once, with those added in between', async () => {
  const writer = new SummaryWriter(join(scratch, 'at-once'));
  writer.addScalar('a', 1, 1);
  const first = writer.flush();
  await Promise.resolve();
  writer.addScalar('a', 2, 2);
  await Promise.all([first, writer.flush(), writer.flush()]);
  writer.addScalar('a', 3, 3);
  await writer.flush();
  assert.equal(
    eventsOf(readFileSync(writer.path)).map(({ step }) => step),
    [0, 1, 2, 3],
  );
});

test('two writers of one folder have files of their own; a restart names its step', async () => {
  const folder = join(scratch, 'both');
  const writers = [new SummaryWriter(folder), new SummaryWriter(folder, { purgeStep: 7 })];
  for (const writer of writers) await writer.flush();
  assert.is(readdirSync(folder).length, 2);
  const [, restart] = eventsOf(readFileSync(writers[1]!.path));
  assert.equal([restart!.session, restart!.step], [1, 7]);
});

test('what cannot be logged is refused', () => {
  const writer = new SummaryWriter(join(scratch, 'refused'));
  refuses(() => writer.addScalar(5 as never, 1, 1), 'addScalar: tag must be a string, found 5');
  refuses(() => writer.addScalar('a', '1' as never, 1), "addScalar: value must be a number, found '1'");
  refuses(
    () => writer.addScalar('a', 1, -1),
    'addScalar: step must be a whole number of at least 0, found -1',
  );
  refuses(
    () => writer.addHistogram('a', [], 1),
    'addHistogram: values must be an array of numbers, found []',
  );
  refuses(
    () => writer.addHistogram('a', [1, Number.NaN], 1),
    'addHistogram: values[1] must be a number that is finite, found NaN',
  );
});

const losses = (loss: number) => ({ loss, recon: loss - 2, kl: 2 });

test('CSV has a line for each epoch', () => {
  const result = { epoch: 1, train: losses(90.5), test: losses(91), seconds: 2.5, msPerStep: 5.75 };
  const nan = { loss: Number.NaN, recon: Number.NaN, kl: Number.NaN };
  assert.is(
    metricsCsv([result, { ...result, epoch: 2, test: nan }], 'validation'),
    'epoch,train_loss,train_recon,train_kl,validation_loss,validation_recon,validation_kl,seconds,ms_per_step\n' +
      '1,90.5,88.5,2,91,89,2,2.5,5.75\n2,90.5,88.5,2,,,,2.5,5.75\n',
  );
});

test('fit logs its epochs', async () => {
  manualSeed(0);
  const images = Float32Array.from(await rand([24, 16]).round().data());
  const data = { images, labels: new Uint8Array(24), count: 24, imageShape: [4, 4] as const, classes: 1 };
  const model = new VAE({ inputSize: 16, hidden: [5], latent: 2 });
  const writer = new SummaryWriter(join(scratch, 'fit'));
  const seen: number[] = [];
  await fit(
    model,
    { train: data, test: data },
    {
      optimizer: new Adam(model.parameters()),
      epochs: 2,
      onEpoch: async (result) => {
        seen.push(result.test.loss);
        await logEpoch(writer, result, model);
      },
    },
  );
  const events = eventsOf(readFileSync(writer.path));
  const test = events.filter(({ tag }) => tag === 'loss/test');
  assert.equal(
    test.map(({ scalar, step }) => [scalar, step]),
    seen.map((loss, i) => [Math.fround(loss), i + 1]),
  );
  const last = events.filter(({ histogram, step }) => histogram !== undefined && step === 2);
  assert.equal(
    last.map(({ tag }) => tag),
    Array.from(model.namedParameters(), ([name]) => `parameters/${name}`),
  );
  for (const [i, parameter] of model.parameters().entries())
    assert.ok(
      Math.abs(last[i]!.histogram!.sum - [...parameter.dataSync()].reduce((a, b) => a + b, 0)) < 1e-4,
    );
});

test('--tensorboard writes what metrics.jsonl has, and a resumed run goes on in a second file', async () => {
  const data = writeIdxFolder(join(scratch, 'data'));
  const run = join(scratch, 'run');
  const options = ['--latent', '2', '--hidden', '9', '--data', data, '--tensorboard'];
  await does('train', ...options, '--epochs', '2', '--out', run);
  await does('train', '--resume', run, '--epochs', '3', '--tensorboard');
  const names = readdirSync(run)
    .filter((name) => name.includes('tfevents'))
    .sort();
  assert.is(names.length, 2);
  const [first, second] = names.map((name) => eventsOf(readFileSync(join(run, name))));
  const epochs = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const logged = [...first!, ...second!];
  for (const set of ['train', 'test'])
    for (const part of ['loss', 'recon', 'kl'])
      assert.equal(
        logged.filter(({ tag }) => tag === `${part}/${set}`).map(({ scalar, step }) => [step, scalar]),
        epochs.map((epoch) => [epoch.epoch, Math.fround(epoch[set][part])]),
      );
  assert.equal([second![1]!.session, second![1]!.step], [1, 3]);
  const pictures = logged.filter(({ image }) => image !== undefined);
  assert.equal(new Set(pictures.map(({ tag }) => tag)), new Set(['reconstructions', 'samples', 'manifold']));
  for (const { image } of pictures) assert.is(decodePng(image!.png).width, image!.width);
  const rows = readFileSync(join(run, 'metrics.csv'), 'utf8').trimEnd().split('\n');
  assert.is(rows.length, 4);
  assert.is(Number(rows[3]!.split(',')[4]), epochs[2].test.loss);
  const plain = join(scratch, 'plain');
  await does('train', ...options.slice(0, -1), '--epochs', '1', '--out', plain);
  assert.not.ok(readdirSync(plain).some((name) => name.includes('tfevents')));
  assert.equal(JSON.parse(readFileSync(join(plain, 'config.json'), 'utf8')).tensorboard, undefined);
});

const python = pythonWith('tensorboard', 'numpy');

testIf(python !== undefined)('TensorBoard reads the files', () => {
  const program = `
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(*[f'{e.step} {e.value}' for e in events.Scalars('loss/test')], sep='\\n')`;
  const lines = runPython(python as string, program, [join(scratch, 'run')])
    .trim()
    .split('\n');
  assert.is(lines.length, 3);
});

test.run();
