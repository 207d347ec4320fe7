/** The memory of the wasm kernels: blocks that split and merge, resident values, and what happens when it is full. */
import { BackendError, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, Blocks } from '../../packages/core/src/backend/wasm/blocks.js';
import { ResidentMemory } from '../../packages/core/src/backend/wasm/memory.js';
import { refuses } from '../helpers/refuses.js';

const MIB = 2 ** 20;
const START = 1024;
const SMALL = { initial: 4, maximum: 40, shared: true };

/** Blocks in `capacity` bytes. */
const blocksIn = (capacity: number): Blocks => new Blocks(START, (end) => end <= START + capacity);

/** A memory of 40 pages (2.5 MiB); the first 128 KiB are reserved, and 1.875 MiB may be resident. */
function small(memory: WebAssembly.Memory = new WebAssembly.Memory(SMALL)): ResidentMemory {
  return new ResidentMemory({ memory, mostPages: SMALL.maximum });
}

const isResident = (values: Float32Array): boolean => values.buffer instanceof SharedArrayBuffer;

test('one large block fits where many small ones were freed', () => {
  const blocks = blocksIn(4096 * MIB);
  const pieces = Array.from({ length: 3200 }, () => blocks.take(MIB)!);
  assert.is(blocks.take(1024 * MIB), undefined);
  for (const piece of pieces) blocks.free(piece);
  assert.is(blocks.bytesUsed, 0);
  const large = blocks.take(1024 * MIB)!;
  assert.is(large.size, 1024 * MIB);
  assert.ok(blocks.take(2900 * MIB), 'and the rest of the memory is one block');
});

test('a freed block is used again for the same size, and split for a smaller one when the memory is full', () => {
  const blocks = blocksIn(MIB);
  const first = blocks.take(1000)!;
  blocks.free(first);
  assert.is(blocks.take(1000)!.address, first.address);
  const large = blocks.take(0.9 * MIB)!;
  assert.is(blocks.take(0.5 * MIB), undefined);
  blocks.free(large);
  const half = blocks.take(0.5 * MIB)!;
  const third = blocks.take(0.3 * MIB)!;
  assert.is(half.address, large.address);
  assert.is(third.address, half.address + half.size);
});

test('a request is met exactly if the rest of the memory is smaller than its size class', () => {
  const blocks = blocksIn(1000 * 64);
  assert.is(blocks.take(999 * 64 + 1)!.size, 1000 * 64);
  assert.is(blocks.take(1), undefined);
});

test('10,000 random requests: blocks never overlap, and no byte is lost', () => {
  let seed = 1;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const capacity = 64 * 1024;
  const blocks = blocksIn(capacity);
  let used: Block[] = [];
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    const bytes = 1 + random(2 ** random(15));
    const block = random(2) === 0 ? blocks.take(bytes) : undefined;
    if (block !== undefined) {
      assert.ok(block.size >= bytes && block.address % 64 === 0);
      assert.ok(block.address >= START && block.address + block.size <= START + capacity);
      for (const { address, size } of used) {
        assert.ok(
          block.address + block.size <= address || address + size <= block.address,
          `overlap at ${i}`,
        );
      }
      used.push(block);
    } else if (used.length > 0) {
      refused++;
      blocks.free(used.splice(random(used.length), 1)[0]!);
    }
    assert.is(
      blocks.bytesUsed,
      used.reduce((sum, { size }) => sum + size, 0),
    );
  }
  assert.ok(refused > 1000);
  for (const block of used) blocks.free(block);
  used = [];
  assert.is(blocks.take(capacity)?.size, capacity, 'all of it is one block again');
});

test('parameters beyond the resident part live in ordinary arrays, and kernels still run', () => {
  const raw = new WebAssembly.Memory(SMALL);
  const memory = small(raw);
  const parameters = Array.from({ length: 50 }, (_, i) => memory.persist(new Float32Array(25_000).fill(i)));
  const resident = parameters.filter(isResident).length;
  assert.is(resident, 17, '1.875 MiB hold 17 blocks of 112 KiB');
  for (const values of parameters) {
    // The kernel copies its operand.
    const copy = memory.compute(values.length, (out) => {
      const from = memory.addressOf(values);
      new Uint8Array(raw.buffer).copyWithin(out, from, from + values.byteLength);
    });
    assert.equal(copy, values.slice());
  }
  for (const values of parameters) memory.release(values);
  assert.ok(isResident(memory.persist(new Float32Array(400_000))), 'released parameters make room');
});

test('a scope whose values exceed the resident part continues in ordinary arrays', () => {
  const memory = small();
  memory.openScope();
  const made = Array.from({ length: 40 }, () => memory.compute(25_000, () => {}));
  made.push(memory.upload(new Float32Array(25_000)));
  assert.ok(isResident(made[0]!));
  assert.not.ok(isResident(made[39]!) || isResident(made[40]!));
  const kept = memory.keep(made[39]!);
  memory.closeScope();
  for (const values of made) memory.release(values);
  assert.is(kept.length, 25_000);
  memory.openScope();
  assert.ok(isResident(memory.upload(new Float32Array(400_000))));
});

test('the message states what a kernel needs and what is held', () => {
  const memory = small();
  memory.persist(new Float32Array(400_000));
  refuses(
    () => memory.compute(300_000, () => {}),
    'wasm: out of memory: a kernel needs 2 MiB for operands and results, and long-lived values hold 2 of the 3 MiB of WebAssembly — dispose of parameters that are not needed; dropped ones are freed only when the program awaits',
  );
  refuses(
    () => memory.compute(1_000_000, () => {}),
    'wasm: out of memory: a kernel needs 4 MiB for operands and results, and long-lived values hold 2 of the 3 MiB of WebAssembly — split the operation into smaller ones, such as smaller batches, or use the reference backend',
  );
});

test('an operand that does not fit beside the result is refused, and the memory is whole afterwards', () => {
  const memory = small();
  const operand = new Float32Array(400_000);
  assert.throws(
    () => memory.compute(400_000, () => void memory.addressOf(operand)),
    /a kernel needs 4 MiB .* hold 0 of the 3 MiB .* split the operation/,
  );
  assert.is(memory.compute(500_000, () => {}).length, 500_000);
  assert.throws(
    () =>
      memory.update(() => {
        memory.addressOf(operand);
        memory.addressOf(operand);
      }),
    /split the operation/,
  );
  assert.is(memory.compute(500_000, () => {}).length, 500_000);
});

test('a kernel that does not fit into the 4 GiB of WebAssembly is refused with both sizes', () => {
  const wasm = createWasm({ threads: 1 });
  assert.throws(
    () => wasm.kernels.fill(1.2e9, 0),
    (error: unknown) =>
      error instanceof BackendError &&
      /a kernel needs 4578 MiB .* hold 0 of the 4096 MiB .* split the operation/.test(error.message),
  );
  assert.equal(wasm.kernels.fill(2, 7), Float32Array.of(7, 7));
  wasm.dispose();
});

test.run();
