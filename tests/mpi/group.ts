/** Calls every function of a group under mpirun. Process 0 prints `right`. */
import { createWasm, setBackend, tensor } from '@varigrad/core';
import { mpi } from '@varigrad/core/mpi';
import * as assert from 'uvu/assert';

const group = await mpi(process.env.LIBRARY === undefined ? {} : { library: process.env.LIBRARY });
const { rank, size } = group;
setBackend(createWasm({ threads: 1 }));
assert.is(size, Number(process.argv[2]));
assert.is(await mpi(), group);
assert.ok(group.threads >= 1);

const total = (size * (size + 1)) / 2;
for (const length of [1, 5, 20_000]) {
  const x = tensor(new Float32Array(length).fill(rank + 1));
  const y = tensor([rank]);
  group.allReduce([x, y]);
  assert.ok(x.dataSync().every((value) => value === total));
  assert.is(y.itemSync(), total - size);
  for (let root = 0; root < size; root++) {
    const sent = tensor(new Float32Array(length).fill(10 + rank));
    group.broadcast([sent], root);
    assert.ok(sent.dataSync().every((value) => value === 10 + root));
  }
  // Parts 0, 1, … over all processes: the tree's sum of 0.1·i is not that of another order.
  const parts = Array.from({ length: 2 }, (_, i) => [
    new Float32Array(length).fill(0.1 * (2 * rank + i)),
    Float32Array.of(1),
  ]);
  const level = Array.from({ length: 2 * size }, (_, i) => Math.fround(0.1 * i));
  while (level.length > 1)
    level.splice(
      0,
      level.length,
      ...level.flatMap((a, i) => (i % 2 === 0 ? [Math.fround(a + (level[i + 1] ?? 0))] : [])),
    );
  group.sumInOrder(parts);
  assert.ok(parts[0]![0]!.every((value) => value === level[0]));
  assert.equal(parts[0]![1], Float32Array.of(2 * size));
}
assert.equal(
  group.gather(Uint8Array.of(rank, 7)),
  Array.from({ length: size }, (_, i) => Uint8Array.of(i, 7)),
);
group.barrier();
if (rank === 0) console.log(`right: ${group.description}`);
group.end();
