/** Groups of processes, and shares of a batch. tests/mpi/ runs them under mpirun. */
import {
  compile,
  createReference,
  createWasm,
  Generator,
  parameter,
  rand,
  randn,
  setBackend,
  type Tensor,
  tensor,
} from '@varigrad/core';
import {
  batchMean,
  batchRows,
  type Share,
  wholeBatch,
  withRowsPerImage,
  withShare,
} from '@varigrad/core/compile';
import { createGroup, findLaunch, mpi, type Transport } from '@varigrad/core/mpi';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** A process among `size` ones that all hold the same values. */
function alike(size: number): Transport {
  return {
    rank: 0,
    size,
    description: 'processes with the same values',
    sum(values) {
      for (let i = 0; i < values.length; i++) values[i]! *= size;
    },
    broadcast() {},
    gather(bytes, into) {
      for (let i = 0; i < size; i++) into.set(bytes, i * bytes.length);
    },
    swap(bytes, into) {
      const own = bytes.subarray(0, bytes.length / size);
      for (let i = 0; i < size; i++) into.set(own, i * own.length);
    },
    barrier() {},
    end() {},
  };
}

test('without mpirun a group is this process alone', async () => {
  const group = await mpi();
  assert.is(group.rank, 0);
  assert.is(group.size, 1);
  assert.is(group.description, 'one process');
  const x = tensor([1, 2]);
  group.allReduce([x]);
  group.broadcast([x]);
  group.barrier();
  assert.equal(numbers(x), [1, 2]);
  assert.equal(group.gather(Uint8Array.of(3, 4)), [Uint8Array.of(3, 4)]);
  const parts = [1, 2, 3].map((value) => [Float32Array.of(value, value / 2)]);
  group.sumInOrder(parts);
  assert.equal(parts[0], [Float32Array.of(6, 3)]);
});

for (const machine of [createWasm({ threads: 1 }), createReference()]) {
  test(`sums are taken in place, also inside compiled functions: ${machine.name}`, () => {
    setBackend(machine);
    const group = createGroup(alike(3), 1);
    const small = tensor([1, 2]);
    const large = rand([20_000]);
    const before = numbers(large);
    group.allReduce([small, large]);
    assert.equal(numbers(small), [3, 6]);
    assert.equal(
      numbers(large),
      before.map((value) => Math.fround(3 * value)),
    );
    const f = (x: Tensor): Tensor => {
      const y = x.exp();
      const z = y.clone();
      group.allReduce([z]);
      return z.add(y);
    };
    const compiled = compile(f);
    for (let i = 0; i < 4; i++) {
      const x = tensor([i, -i, 1]);
      assert.equal(numbers(compiled(x)), numbers(f(x)));
    }
    assert.is(compiled.recordings, 2);
  });
}

test('a share draws the rows that the whole batch has', () => {
  setBackend(createWasm({ threads: 1 }));
  for (const draw of [rand, randn])
    for (const columns of [1, 3, 4, 10]) {
      const all = draw([11, columns], { generator: new Generator(5) });
      const generator = new Generator(5);
      for (const [start, size] of [
        [0, 3],
        [3, 4],
        [7, 4],
      ] as const) {
        generator.state = new Generator(5).state;
        const share: Share = { start, size, total: 11, peers: null };
        const own = withShare(share, () => draw([size, columns], { generator }));
        assert.equal(numbers(own), numbers(all.slice(start, start + size)));
        const next = new Generator(5);
        next.take(11 * columns);
        assert.equal(generator.state, next.state); // as after the whole batch
      }
    }
});

test('a compiled function draws the rows of each share', () => {
  setBackend(createWasm({ threads: 1 }));
  const generator = new Generator(9);
  const compiled = compile((x: Tensor) => x.add(randn([2, 3], { generator })));
  const all = randn([10, 3], { generator: new Generator(9) });
  for (let round = 0; round < 3; round++)
    for (let start = 0; start < 10; start += 2) {
      generator.state = new Generator(9).state;
      const share: Share = { start, size: 2, total: 10, peers: null };
      const own = withShare(share, () =>
        compiled(
          tensor([
            [0, 0, 0],
            [0, 0, 0],
          ]),
        ),
      );
      assert.equal(numbers(own), numbers(all.slice(start, start + 2)));
    }
});

for (const compiles of [false, true])
  test(`rows of several samples per image, and rows that are no images${compiles ? ', compiled' : ''}`, () => {
    setBackend(createWasm({ threads: 1 }));
    const generator = new Generator(9);
    const noise = (x: Tensor): [Tensor, Tensor, Tensor] => [
      withRowsPerImage(3, () => randn([6, 2], { generator })).add(x),
      withRowsPerImage(0, () => randn([2, 2], { generator })).add(x),
      withRowsPerImage(3, () => withRowsPerImage(2, () => randn([12], { generator }))).add(x),
    ];
    const draw = compiles ? compile(noise) : noise;
    const whole = new Generator(9);
    const all = [[30, 2], [2, 2], [60]].map((shape) => randn(shape, { generator: whole })); // 10 images
    for (let round = 0; round < 3; round++)
      for (let start = 0; start < 10; start += 2) {
        generator.state = new Generator(9).state;
        const [samples, weights, pairs] = withShare({ start, size: 2, total: 10, peers: null }, () =>
          draw(tensor(0)),
        );
        assert.equal(numbers(samples), numbers(all[0]!.slice(3 * start, 3 * start + 6)));
        assert.equal(numbers(weights), numbers(all[1]!));
        assert.equal(numbers(pairs), numbers(all[2]!.slice(6 * start, 6 * start + 12)));
        assert.equal(generator.state, whole.state); // as after the whole batch
      }
  });

test('means and rows of the whole batch, with their gradients', () => {
  setBackend(createReference(Float64Array));
  const group = createGroup(alike(2), 1);
  const share: Share = { start: 0, size: 3, total: 6, peers: group };
  const x = parameter(
    tensor([
      [1, 2],
      [3, 5],
      [8, 13],
    ]),
  );
  withShare(share, () => {
    assert.equal(numbers(batchMean(x, { axis: 0 })), [4, 20 / 3]);
    assert.is(batchRows(9), 18);
    // The loss of both processes is twice Σ mean², and each element has the weight 1/6 in both means.
    const loss = batchMean(x, { axis: 0 }).square().sum();
    loss.backward();
  });
  withShare(share, () =>
    withRowsPerImage(0, () => {
      assert.equal(numbers(batchMean(x, { axis: 0 })), numbers(x.mean({ axis: 0 })));
      assert.is(batchRows(9), 9); // all processes have these rows
      assert.is(wholeBatch(x), x);
    }),
  );
  const expected = [4, 20 / 3].map((mean) => (2 * 2 * mean) / 6);
  for (const [i, value] of numbers(x.grad!).entries()) assert.ok(Math.abs(value - expected[i % 2]!) < 1e-12);
  const rows = withShare({ ...share, peers: { sum() {} } }, () => wholeBatch(x.detach()));
  assert.equal(rows.shape, [6, 2]);
  assert.equal(numbers(rows), [1, 2, 3, 5, 8, 13, 0, 0, 0, 0, 0, 0]);
});

test('outside of a share, means are those of the tensor', () => {
  setBackend(createWasm({ threads: 1 }));
  const x = rand([4, 3]);
  assert.equal(numbers(batchMean(x, { axis: 0 })), numbers(x.mean({ axis: 0 })));
  assert.is(wholeBatch(x), x);
  assert.is(batchRows(4), 4);
});

test('launchers are recognized by their variables', () => {
  assert.is(findLaunch({}), null);
  assert.is(findLaunch({ SLURM_NTASKS: '4', SLURM_PROCID: '0' }), null); // sbatch without srun
  const open = { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_LOCAL_SIZE: '2' };
  assert.equal(findLaunch(open), {
    launcher: 'the mpirun of OpenMPI',
    rank: 1,
    size: 4,
    localSize: 2,
    family: 'OpenMPI',
  });
  assert.equal(findLaunch({ PMI_RANK: '2', PMI_SIZE: '3', MPI_LOCALNRANKS: '3' }), {
    launcher: 'mpiexec',
    rank: 2,
    size: 3,
    localSize: 3,
    family: 'MPICH',
  });
  const slurm = { SLURM_STEP_ID: '0', SLURM_STEP_NUM_TASKS: '5', SLURM_STEP_TASKS_PER_NODE: '2(x2),1' };
  assert.equal(findLaunch({ ...slurm, PMIX_RANK: '4' }), {
    launcher: 'srun',
    rank: 4,
    size: 5,
    localSize: 2,
    family: null,
  });
});

test('a group that has ended, and wrong arguments', () => {
  setBackend(createWasm({ threads: 1 }));
  const group = createGroup(alike(2), 1);
  assert.throws(() => group.allReduce([3 as never]), /allReduce: each tensor must be a tensor, found 3/);
  assert.throws(() => group.broadcast([tensor([1])], 2), /broadcast: root must be below 2, found 2/);
  group.end();
  group.end();
  for (const use of [
    () => group.allReduce([tensor([1])]),
    () => group.broadcast([tensor([1])]),
    () => group.barrier(),
    () => group.gather(Uint8Array.of(1)),
    () => group.sum([Float32Array.of(1)]),
    () => group.sumInOrder([[Float32Array.of(1)]]),
  ])
    assert.throws(
      use,
      /the group has ended, and cannot start again in this process — call end\(\) after the last use/,
    );
});

test.run();
