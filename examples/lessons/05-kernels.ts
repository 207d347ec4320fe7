/**
 * Lesson 5: kernels.
 *
 * Question: the product of two 256 × 256 matrices is 16,777,216 multiply-adds, however it is written. Why is one
 * program a hundred times as fast as another?
 *
 * npm run lesson -- 5
 */
import {
  type Backend,
  createReference,
  createWasm,
  Generator,
  type HostArray,
  randn,
  type Tensor,
  tensor,
  type WasmBackend,
  withBackend,
} from '@varigrad/core';
import type { GpuBackend } from '@varigrad/core/gpu';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** The backends that the same operation runs on. */
interface Machines {
  reference: Backend;
  wasm: WasmBackend;
  oneThread: Backend;
  gpuJs: GpuBackend;
}

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 5 — KERNELS\n');
  const { gpu } = await import('@varigrad/core/gpu'); // only programs that ask for it load gpu.js
  const machines: Machines = {
    reference: createReference(),
    wasm: createWasm(),
    oneThread: createWasm({ threads: 1 }),
    gpuJs: await gpu({ mode: 'webasm' }),
  };
  const numbers = {
    ...(await threeLoops(print)),
    ...registerTiles(print),
    ...packing(print),
    ...cacheBlocks(print),
    ...(await threadPerElement(print, machines)),
    ...(await equalOrNot(print, machines)),
    ...(await sameTape(print, machines)),
  };
  await race(print, machines);
  await machines.gpuJs.destroy();
  return numbers;
}

/** C = A·B, [m, k]·[k, n], as in the definition. */
function multiplyByRows(a: HostArray, b: HostArray, m: number, k: number, n: number): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[p * n + j]!;
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** The same with the two inner loops exchanged. */
function multiplyInOrder(a: HostArray, b: HostArray, m: number, k: number, n: number): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const left = a[i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += left * b[p * n + j]!;
    }
  }
  return c;
}

type Multiply = typeof multiplyByRows;

/** The definition, and how it accesses memory. */
async function threeLoops(print: Print): Promise<Numbers> {
  const n = 256;
  const [a, b] = [0, 1].map((seed) => randomArray(n * n, seed)) as [Float32Array, Float32Array];
  const time = (multiply: Multiply): Promise<number> => milliseconds(() => multiply(a, b, n, n, n));
  const [byRows, inOrder] = [await time(multiplyByRows), await time(multiplyInOrder)];
  print(prose`
    1. Three loops

        for i  for j  for p   sum += A[i, p]·B[p, j]           C[i, j] = sum

    Two things slow the inner loop down. Memory access: B[p, j] is at n·p + j (lesson 2), so with n = 256 each step moves ${4 * n} bytes forward,
    and only one number of each 64-byte cache line is used. Latency: each addition needs the previous sum, and an
    addition takes about 4 cycles, although a core can start two per cycle. At 3 GHz this is 16.8 million · 4 / 3e9 = 22 ms.

    Exchanging the loops over j and p removes both: B is read in order, and the additions go to different elements of C. But
    now C is read and written in each step. Predict which is faster, and by how much:

      i, j, p   ${byRows.toFixed(1)} ms      i, p, j   ${inOrder.toFixed(1)} ms      (times vary with the machine, and from run to run)

    Usually neither wins by much: the strided access and the latency were traded for a write in each step. To avoid all three, the sums
    must stay in registers, and there must be several of them.
  `);
  return { strideBytes: 4 * n };
}

/** Counts the memory reads per multiply-add of an inner loop over a tile of rows × columns. */
function readsPerProduct(rows: number, columns: number): number {
  const [m, n, k] = [8, 8, 5];
  let [reads, products] = [0, 0];
  for (let i = 0; i < m; i += rows) {
    for (let j = 0; j < n; j += columns) {
      for (let p = 0; p < k; p++) {
        for (let r = 0; r < rows; r++) reads++; // A[i + r, p], into a register
        for (let c = 0; c < columns; c++) reads++; // B[p, j + c], into a register
        for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) products++; // register += register·register
      }
    }
  }
  return reads / products;
}

function registerTiles(print: Print): Numbers {
  const [single, square, wide] = [readsPerProduct(1, 1), readsPerProduct(4, 4), readsPerProduct(4, 8)];
  print(prose`

    2. Register tiles

    The first loop reads two numbers per multiply-add. In one cycle, a core can read about as many numbers as it can multiply, so half of
    its arithmetic units would be idle even without latency. Instead, compute a tile of C at once, say 4×4, with its 16 sums in registers. One step of p reads
    4 numbers of A's column and 4 of B's row, and multiplies each with each. The 16 sums do not depend on each other.

                     B[p, j] …  B[p, j+7]              8 numbers: 2 vectors of 4
                   ┌────────────┬────────────┐
         A[i, p]   │  c00       │  c01       │
         A[i+1, p] │  c10       │  c11       │         8 vectors of sums, in 8 registers
         A[i+2, p] │  c20       │  c21       │
         A[i+3, p] │  c30       │  c31       │
                   └────────────┴────────────┘
          4 numbers, each copied into all 4 lanes of a vector ("splat")

    Predict the reads per multiply-add of an r×c tile: r + c reads for r·c products.
  `);
  print(
    table([
      ['tile', '1×1', '4×4', '4×8'],
      ['reads per multiply-add', single, square, wide],
    ]),
  );
  print(prose`

    In plain TypeScript the 4×4 tile is sixteen variables, s00 to s33: packages/core/src/backend/reference/matmul.ts. In WebAssembly a vector
    of 128 bits holds 4 numbers (SIMD: one instruction, 4 additions), so the 4×8 tile is 8 vectors, c00 to c31. One step is 2 loads of B, 4
    splats of A, and 8 vector multiply-adds, for 32 products. Eight sums are just enough to hide the latency of 4 cycles with 2 additions started per cycle.
    Why not 8×8? Its 16 sums, 2 vectors of B and one of A need 19 registers, and x86 before AVX-512 has 16. The rest would be spilled to memory.
  `);
  return { reads1x1: single, reads4x4: square, reads4x8: wide, tileRegisters: (4 * 8) / 4 };
}

/** Copies rows of A (`[m, k]`) into panels of 4 rows, each `[k][4]`: the order in which the tile reads them. */
function packA(a: readonly number[], m: number, k: number): number[] {
  const packed: number[] = [];
  for (let i = 0; i < m; i += 4) {
    for (let p = 0; p < k; p++) for (let r = 0; r < 4; r++) packed.push(a[(i + r) * k + p] ?? 0);
  }
  return packed;
}

function packing(print: Print): Numbers {
  const [m, k] = [6, 3];
  const a = Array.from({ length: m * k }, (_, at) => 10 * Math.floor(at / k) + (at % k)); // A[i, p] = 10·i + p
  const packed = packA(a, m, k);
  const show = (values: number[]): string => values.map((v) => String(v).padStart(2, '0')).join(' ');
  print(prose`

    3. Packing

    The tile needs A[i, p], A[i+1, p], A[i+2, p], A[i+3, p] next to each other, but in memory they are a row apart. So A is first copied into
    panels of 4 rows, in the order in which the tile reads it. Here A is [6, 3], and element A[i, p] is written as ip:

      in memory   ${show(a)}
      packed      ${show(packed.slice(0, 12))}  |  ${show(packed.slice(12))}

    Rows 0 to 3 are the first panel. Rows 4 and 5 are the second, padded with zeros, so that the inner loop needs no special case at the border.
    B is packed in the same way, into panels of 8 columns. The copies cost m·k + k·n moves and replace m·n·k irregular reads: for 256³, 131,072
    against 16,777,216. A transposed operand is only packed differently, so dC·Bᵀ of lesson 3 costs no more than A·B.
  `);
  return {
    packedLength: packed.length,
    packed4: packed[4]!,
    packed12: packed[12]!,
    packed14: packed[14]!,
  };
}

/** The block sizes of packages/core/src/backend/wasm/assembly/gemm.ts. */
const [KC, NC, MC] = [384, 1024, 96];

function cacheBlocks(print: Print): Numbers {
  const kib = (numbers: number): number => (4 * numbers) / 1024;
  print(prose`

    4. Blocks for the caches

    Each panel is read once per tile next to it, so it should stay in a cache. The wasm kernel splits the inner axis into blocks of
    at most ${KC} and B's columns into blocks of ${NC}, and processes ${MC} rows of A at a time. In use at once are
  `);
  print(
    table([
      ['', 'numbers', 'KiB', 'stays in'],
      ['a panel of A', `${KC}·4`, kib(KC * 4), 'L1 (32 or 48 KiB)'],
      ['a panel of B', `${KC}·8`, kib(KC * 8), 'L1'],
      ['the rows of A', `${KC}·${MC}`, kib(KC * MC), 'L2 (256 KiB to 2 MiB)'],
      ['the block of B', `${KC}·${NC}`, kib(KC * NC), 'L2 or L3; shared by the threads'],
    ]),
  );
  print(prose`

    Threads compute different rows of C. No sum is shared by two threads, so the number of threads does not change a single bit of the result.
  `);
  return { KC, NC, MC, panelKiB: kib(KC * 12) };
}

/** Counts the elements that differ, and finds the largest difference. */
function compare(a: HostArray, b: HostArray): { different: number; worst: number } {
  let [different, worst] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (difference !== 0) different++; // counts NaN, too
    worst = Math.max(worst, difference);
  }
  return { different, worst };
}

/** One element of the product of two n×n matrices, in the subset of JavaScript that gpu.js supports. */
const ONE_ELEMENT = `function (a, b, n) {
  let sum = 0.0;
  for (let p = 0; p < n; p++) {
    sum += a[this.thread.y * n + p] * b[p * n + this.thread.x];
  }
  return sum;
}`;

/** The part of gpu.js that this lesson uses. */
interface GpuJs {
  GPU: new (settings: {
    mode: string;
  }) => {
    createKernel(source: string, settings: object): (a: HostArray, b: HostArray, n: number) => HostArray[];
  };
}

/** Compiles ONE_ELEMENT with gpu.js, for machines without a GPU, to a function of two matrices. */
async function compileOneElement(n: number): Promise<(a: HostArray, b: HostArray) => HostArray[]> {
  const { GPU } = ((await import('gpu.js')) as unknown as { default: GpuJs }).default;
  const kernel = new GPU({ mode: 'webasm' }).createKernel(ONE_ELEMENT, {
    output: [n, n],
    argumentTypes: { a: 'Array', b: 'Array', n: 'Integer' },
    precision: 'single',
  });
  return (a, b) => kernel(a, b, n);
}

async function threadPerElement(print: Print, { gpuJs }: Machines): Promise<Numbers> {
  const n = 64;
  const [a, b] = [4, 5].map((seed) => randomArray(n * n, seed)) as [Float32Array, Float32Array];
  const rows = (await compileOneElement(n))(a, b);
  const { worst } = compare(
    multiplyByRows(a, b, n, n, n),
    Float32Array.from(rows.flatMap((row) => Array.from(row))),
  );
  print(prose`

    5. One thread per element

    A GPU works the other way. Its program has no loops over i and j: it computes one element, and is started once per element, here 65,536
    times. gpu.js accepts it as text, in a subset of JavaScript, and translates it for the machine:

        ${ONE_ELEMENT}

    this.thread identifies the element: y is the row i, x the column j. Each sum waits for its previous addition, as in section 1. But a GPU
    runs tens of thousands of threads, and while some wait, others compute. Neighbouring threads read neighbouring elements of
    B, so that one cache line serves them all. Tiles in memory that a group of threads shares help there, too; this
    kernel has none. The library's own kernel (packages/core/src/backend/gpu/matmul.ts) is of the same kind, with index arithmetic that
    also supports batches and transposed operands.

    Mistake: counting in floats. In gpu.js a variable (except loop counters) is a float32, even if it is used as an index, and in float32 16777216 + 1 is ${Math.fround(2 ** 24 + 1)}.
    In a larger array, every second element beyond that index could never be read. (packages/core/src/backend/gpu/program.ts has the rules.)

    Here it runs on "${gpuJs.description}": gpu.js compiled the same text to WebAssembly, with a loop over all threads. It
    differs from the three loops by at most ${worst.toExponential(1)} for ${n}×${n}. A GPU's speed needs a GPU (mode 'webgpu').
  `);
  return { floatIndex: Math.fround(2 ** 24 + 1), worstOneElement: worst };
}

/** A·B of square matrices on a backend. */
async function product(machine: Backend, a: HostArray, b: HostArray, n: number): Promise<HostArray> {
  return withBackend(machine, () => tensor(a, { shape: [n, n] }).matmul(tensor(b, { shape: [n, n] }))).data();
}

/** What "the same result" means for floating-point numbers. */
async function equalOrNot(print: Print, { wasm, oneThread, gpuJs }: Machines): Promise<Numbers> {
  const n = 192;
  const [a, b] = [2, 3].map((seed) => randomArray(n * n, seed)) as [Float32Array, Float32Array];
  const [p, q] = [a, b].map((array) => array.map((x) => Math.round(4 * x))) as [Float32Array, Float32Array];
  const [loops, whole] = [multiplyByRows(a, b, n, n, n), multiplyByRows(p, q, n, n, n)];
  const fast = await product(wasm, a, b, n);
  const inWasm = compare(loops, fast);
  const inGpu = compare(loops, await product(gpuJs, a, b, n));
  const wholeWasm = compare(whole, await product(wasm, p, q, n)).different;
  const wholeGpu = compare(whole, await product(gpuJs, p, q, n)).different;
  const threads = compare(fast, await product(oneThread, a, b, n)).different;
  print(prose`

    6. Mistake: expecting equal bits

    The loops keep their sums in float64, the other two in float32, and blocks and fused multiply-adds round at different points. For
    [${n}, ${n}] matrices, ${n * n} elements:
  `);
  print(
    table([
      ['elements that differ', 'random numbers', 'by at most', 'whole numbers'],
      ['loops and wasm', inWasm.different, inWasm.worst.toExponential(1), wholeWasm],
      ['loops and gpu.js', inGpu.different, inGpu.worst.toExponential(1), wholeGpu],
      [`wasm, 1 and ${wasm.threads} threads`, threads, '', ''],
    ]),
  );
  print(prose`

    Whole numbers are an exact test of a kernel: below 2²⁴ every sum is exact in any order, so a single wrong index is visible. Random
    numbers test its accuracy, with a tolerance derived from k and the precision.
  `);
  return {
    wholeWasm,
    wholeGpu,
    threads,
    differentWasm: inWasm.different,
    worstWasm: inWasm.worst,
    worstGpu: inGpu.worst,
  };
}

/** dA of Σ tanh(A·B) on a backend. */
async function gradientOn(machine: Backend): Promise<HostArray> {
  const a = withBackend(machine, () => {
    const generator = new Generator(9);
    const left = randn([33, 47], { generator, requiresGrad: true });
    left
      .matmul(randn([47, 21], { generator }))
      .tanh()
      .sum()
      .backward();
    return left;
  });
  return (a.grad as Tensor).data();
}

async function sameTape(print: Print, { reference, wasm, gpuJs }: Machines): Promise<Numbers> {
  const byLoops = await gradientOn(reference);
  const gradientWasm = compare(byLoops, await gradientOn(wasm)).worst;
  const gradientGpu = compare(byLoops, await gradientOn(gpuJs)).worst;
  print(prose`

    7. The tape does not depend on the backend

    An operation calls kernels by name, from a table that each backend fills (packages/core/src/backend/backend.ts; a missing kernel is
    a type error). Shapes, the tape and the gradients of lessons 1 to 4 are the same code on every backend. dA of Σ tanh(A·B) on the
    reference backend differs from the result on wasm by at most ${gradientWasm.toExponential(1)}, and from the result on gpu.js by ${gradientGpu.toExponential(1)}.
  `);
  return { gradientWasm, gradientGpu };
}

async function race(print: Print, { reference, wasm, oneThread, gpuJs }: Machines): Promise<void> {
  const n = 256;
  const [a, b] = [0, 1].map((seed) => randomArray(n * n, seed)) as [Float32Array, Float32Array];
  const row = async (name: string, f: () => unknown): Promise<(string | number)[]> => {
    const ms = await milliseconds(f);
    return [name, ms.toFixed(2).padStart(6), ((2e-6 * n ** 3) / ms).toFixed(2).padStart(7)];
  };
  const on = (machine: Backend): Promise<(string | number)[]> => {
    const [left, right] = withBackend(machine, () => [
      tensor(a, { shape: [n, n] }),
      tensor(b, { shape: [n, n] }),
    ]) as [Tensor, Tensor];
    return row(machine.description, () => withBackend(machine, () => left.matmul(right)).data());
  };
  const oneElement = await compileOneElement(n);
  const rows = [
    await row('three loops, i j p', () => multiplyByRows(a, b, n, n, n)),
    await row('three loops, i p j', () => multiplyInOrder(a, b, n, n, n)),
    await on(reference),
    await row('gpu.js (webasm), the kernel of section 5', () => oneElement(a, b)),
    await on(gpuJs),
    await on(oneThread),
    await on(wasm),
  ];
  print(prose`

    8. Comparison

    [${n}, ${n}]·[${n}, ${n}] on this machine: the shortest of several runs, including the readback of the result. A product is 2·${n}³ operations:
  `);
  print(table([['', '    ms', 'GFLOP/s'], ...rows]));
  print(prose`

    In this repository: packages/core/src/backend/wasm/assembly/gemm.ts: packA and packB, then
    'tile' with its eight vectors, then 'gemm', which forms the blocks. npm run bench:kernels measures more carefully. Next: lesson 6, what to do with a gradient.

    Exercises

      a) Which tiles of r rows and c columns (c a multiple of 4) fit into 16 registers, together with B's vectors and one vector of A? Which of them
         has the fewest reads? (r·c/4 + c/4 + 1 ≤ 16; 6×8, with 7/24 reads per multiply-add.)
      b) Write a 2×2 tile in plain TypeScript, and add it to the comparison. How do you test it? (Whole numbers, odd sizes.)
      c) Pack B before the i, j, p loops, so that each column is contiguous. Does it help? Why not more? (Section 1: latency.)
  `);
}

/** Uniform numbers in [−1, 1). */
function randomArray(size: number, seed: number): Float32Array {
  return Float32Array.from(new Generator(seed).words(size), (word) => word / 2 ** 31 - 1);
}

/** The shortest of at most five runs within a tenth of a second, after one warm-up run. */
async function milliseconds(f: () => unknown): Promise<number> {
  await f();
  let [shortest, total] = [Number.POSITIVE_INFINITY, 0];
  for (let run = 0; run < 5 && total < 100; run++) {
    const start = performance.now();
    await f();
    const time = performance.now() - start;
    [shortest, total] = [Math.min(shortest, time), total + time];
  }
  return shortest;
}

await runLesson(import.meta.url, lesson);
