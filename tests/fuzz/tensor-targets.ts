/** Readers of tensors and graphs: safetensors, checkpoints, state dicts, graphs of the explorer. */
import { crc32 } from 'node:zlib';
import { tensor } from '@varigrad/core';
import { toJSON, trace } from '@varigrad/core/trace';
import { Adam, decodeSafetensors, encodeSafetensors, Linear, Sequential, StateDictError } from '@varigrad/nn';
import { parseGraph } from '../../examples/explorer/src/graph-file.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../packages/vae/src/run/checkpoint.js';
import { littleEndian, safetensorsFile } from '../helpers/safetensors-file.js';
import { expect, type Target } from './target.js';

const net = (): Sequential => new Sequential(new Linear(3, 4, { activation: 'relu' }), new Linear(4, 1));

/** A file by another program: several types, an empty tensor, data in another order. */
const header = {
  __metadata__: { format: 'pt' },
  'bn.count': { dtype: 'I64', shape: [], data_offsets: [24, 32] },
  half: { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] },
  empty: { dtype: 'BF16', shape: [0, 5], data_offsets: [8, 8] },
  wide: { dtype: 'F64', shape: [2], data_offsets: [8, 24] },
};
const data = Buffer.concat([
  littleEndian(2, [0x3c00, 0xb800, 1, 0x7bff], (v, at, x) => v.setUint16(at, x, true)),
  littleEndian(8, [0.5, 1e-300], (v, at, x) => v.setFloat64(at, x, true)),
  littleEndian(8, [469n], (v, at, x) => v.setBigInt64(at, x, true)),
]);

const own = encodeSafetensors(net().stateDict(), { note: 'x' });

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Checks that the tensors fill the data section, and the checksum. */
function checkLayout(file: Uint8Array): void {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const body = file.subarray(8 + length);
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(
    Buffer.from(file.subarray(8, 8 + length)).toString(),
  );
  const inOrder = Object.entries<Entry>(entries)
    .map(([name, { dtype, shape, data_offsets }]) => [name, { dtype, shape, data_offsets }] as const)
    .sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  let end = 0;
  for (const [name, { data_offsets }] of inOrder) {
    expect(data_offsets[0] === end, `${name} starts at ${data_offsets[0]} instead of ${end}`);
    end = data_offsets[1];
  }
  expect(end === body.length, `${body.length} bytes of data, ${end} used`);
  const { 'varigrad.crc32': checksum, ...rest } = metadata;
  if (checksum === undefined) return;
  const sum = crc32(body, crc32(JSON.stringify([rest, inOrder])))
    .toString(16)
    .padStart(8, '0');
  expect(sum === checksum, `the checksum is ${sum}, not ${checksum}`);
}

const safetensors: Target = {
  name: 'safetensors',
  seeds: [
    { bytes: own },
    { bytes: encodeSafetensors(net().stateDict(), {}, { dtype: 'F16' }) },
    { bytes: safetensorsFile(header, data) },
    { bytes: Buffer.from(JSON.stringify(header)), finish: (json) => safetensorsFile(json.toString(), data) },
  ],
  read: (file) => {
    const { tensors, metadata } = decodeSafetensors(file, 'file');
    for (const [name, { shape, data }] of Object.entries(tensors))
      expect(
        data.length === shape.reduce((product, n) => product * n, 1),
        `${name} has ${data.length} values`,
      );
    expect(
      Object.values(metadata).every((value) => typeof value === 'string'),
      'metadata that are not text',
    );
    checkLayout(file);
  },
};

/** A checkpoint in epoch 3 of 2 steps each, after 1 step. */
function makeCheckpoint(): Uint8Array {
  const model = net();
  const optimizer = new Adam(model.parameters());
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    model
      .forward(tensor([[1, 2, 3]]))
      .sum()
      .backward();
    optimizer.step();
  }
  const train = {
    epoch: 3,
    step: 1,
    generator: { key: [0, 3], counter: [7, 0] },
    sums: { loss: 3.5, recon: 3, kl: 0.5, count: 4 },
    seconds: 0.25,
  } as const;
  return encodeCheckpoint({ model: model.stateDict(), optimizer: optimizer.stateDict(), train });
}

const checkpointFile = makeCheckpoint();
const saved = decodeSafetensors(checkpointFile);
const { train, optimizer } = saved.metadata as Readonly<Record<'train' | 'optimizer', string>>;

const checkpoint: Target = {
  name: 'checkpoint',
  seeds: [
    { bytes: checkpointFile },
    {
      bytes: Buffer.from(train),
      finish: (json) => encodeSafetensors(saved.tensors, { train: json.toString(), optimizer }),
    },
    {
      bytes: Buffer.from(optimizer),
      finish: (json) => encodeSafetensors(saved.tensors, { train, optimizer: json.toString() }),
    },
  ],
  read: (file) => {
    const { train, optimizer } = decodeCheckpoint(file, 'file');
    expect(Number.isInteger(train.epoch) && train.epoch >= 1, `epoch ${train.epoch}`);
    expect(
      Number.isInteger(train.step) && train.step >= 0 && train.step <= optimizer.step,
      `step ${train.step}`,
    );
    expect(
      optimizer.learningRate >= 0 && optimizer.learningRate < Infinity,
      `rate ${optimizer.learningRate}`,
    );
    checkLayout(file);
  },
};

const start = net().stateDict();

const stateDict: Target = {
  name: 'stateDict',
  seeds: [
    { bytes: own, finish: (file) => withoutChecksum(file) },
    {
      bytes: Buffer.from(JSON.stringify(entriesOf(own))),
      finish: (json) => safetensorsFile(json.toString(), bodyOf(own)),
    },
  ],
  read: (file) => {
    const { tensors } = decodeSafetensors(file, 'file');
    const model = net();
    model.loadStateDict(start);
    try {
      model.loadStateDict(tensors);
    } catch (error) {
      expect(error instanceof StateDictError, `${error}`);
      expect(isSame(model.stateDict(), start), 'a refused state changed the weights');
      throw error;
    }
    expect(isSame(model.stateDict(), tensors), 'the weights are not those of the file');
  },
};

function headerOf(file: Uint8Array): number {
  return 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
}

function entriesOf(file: Uint8Array): object {
  const { __metadata__: _, ...entries } = JSON.parse(
    Buffer.from(file.subarray(8, headerOf(file))).toString(),
  );
  return entries;
}

const bodyOf = (file: Uint8Array): Uint8Array => file.subarray(headerOf(file));

/** The file with another name for its checksum, so that damage reaches the weights. */
function withoutChecksum(file: Buffer): Uint8Array {
  const at = file.indexOf('varigrad.crc32');
  if (at >= 0) file.write('unchecked.data', at);
  return file;
}

/** Equal names, shapes and bits. */
function isSame(a: typeof start, b: typeof start): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        a[name]!.shape.join() === b[name]?.shape.join() &&
        Array.from(a[name]!.data).every((value, i) => Object.is(value, b[name]!.data[i])),
    )
  );
}

const model = net();
const text = toJSON(trace((x) => model.forward(x).sum(), tensor([[1, 2, 3]])));

const graph: Target = {
  name: 'graph',
  seeds: [{ bytes: Buffer.from(text) }],
  read: (file) => {
    const parsed = parseGraph(Buffer.from(file).toString());
    expect(toJSON(parseGraph(toJSON(parsed))) === toJSON(parsed), 'another graph at the second reading');
    for (const { inputs } of parsed.nodes)
      expect(
        inputs.every((id) => Number.isInteger(id) && id >= 0 && id < parsed.nodes.length),
        `inputs ${inputs}`,
      );
  },
};

export const TENSOR_TARGETS: readonly Target[] = [safetensors, checkpoint, stateDict, graph];
