/**
 * The arrays of a device and the calls on them. Elementwise operations are deferred and become part of the kernel that reads
 * their result (see expression.ts). All other kernels are launched at once.
 */
import { BackendError } from '../../errors.js';
import { Compiler } from './compiler.js';
import type { Activity, Driver, WgslProgram } from './driver.js';
import { accessOf, census, elementProgram, type Fused, fits, fuse, isCheap, wholeOf } from './expression.js';
import type { GpuInstance } from './gpujs.js';
import { type Call, type Cell, type GpuArray, memoriesOf, type Operation, type Read } from './handle.js';
import { type CallArguments, Launcher } from './launcher.js';
import type { Program } from './program.js';
import { asBackendError, CallQueue, deviceFailed, type Queue } from './queue.js';
import { ArrayStore } from './store.js';
import { Updates } from './updates.js';
import { wgslCall } from './wgsl-call.js';

/** Numbers of kernel calls, submissions, copies and compilations of a device. */
export interface GpuActivity extends Readonly<Activity> {
  /** Programs compiled. */
  readonly programs: number;
}

/** For gpu.js, or a hand-written shader. */
type AnyProgram = Program | WgslProgram;

export class Machine {
  readonly driver: Driver;
  readonly #gpu: GpuInstance;
  readonly #compiler: Compiler;
  readonly queue: Queue;
  readonly #launcher: Launcher;
  readonly store: ArrayStore;
  /** Pending cells that another kernel has already computed as part of its own result. */
  readonly #wanted: WeakSet<Cell> = new WeakSet();
  readonly #updates: Updates;
  #end: Promise<void> | undefined;

  /** @param compiler - the programs of another machine, to share them */
  constructor(
    gpu: GpuInstance,
    driver: Driver,
    queue: Queue = new CallQueue(),
    compiler: Compiler = new Compiler(gpu, driver),
  ) {
    this.#gpu = gpu;
    this.driver = driver;
    this.queue = queue;
    this.#compiler = compiler;
    this.#launcher = new Launcher(compiler, driver, queue);
    this.#updates = new Updates(queue, (shader, operands) => this.#shade(shader, operands, null));
    this.store = new ArrayStore(driver, queue, (cell) => this.#release(cell));
  }

  /** A machine that sends its calls to another driver, with the compiled programs of this one. */
  recording(driver: Driver, queue: Queue): Machine {
    return new Machine(this.#gpu, driver, queue, this.#compiler);
  }

  get activity(): GpuActivity {
    return { ...this.driver.activity, programs: this.#compiler.programs };
  }

  /** Copies numbers to the device. A single number becomes a constant of the kernels that read it. */
  upload(values: ArrayLike<number>): GpuArray {
    this.check();
    if (values.length === 1) return this.constant(1, values[0]!);
    const own = new Float32Array(values); // the caller may change the array before the copy runs
    const array = this.store.allocate('upload', own.length);
    if (own.length > 0) this.queue.submit(null, () => this.store.put(array.cell, this.driver.upload(own)));
    return array;
  }

  async download(array: GpuArray): Promise<Float32Array> {
    this.check();
    if (array.length === 0) return new Float32Array(0);
    this.#checkLive('data', array);
    this.compute(array);
    const values = await new Promise<Float32Array>((resolve, reject) => {
      const read = () => void this.driver.read(array.cell.memory, array.length).then(resolve, reject);
      this.queue.submit(null, read, reject);
    }).catch((cause: unknown) => {
      this.check();
      throw asBackendError(cause);
    });
    this.check(); // if the device has reported an error meanwhile, the values are invalid
    return values;
  }

  constant(length: number, value: number): GpuArray {
    return this.defer({ name: 'fill', text: 'c', reads: [], number: value }, length);
  }

  /** Defers an elementwise operation until its result is needed. */
  defer(operation: Operation, length: number): GpuArray {
    return this.deferCall(this.#call(operation), length);
  }

  /** As `defer`, for an operation whose operands are resolved. */
  deferCall(call: Call, length: number): GpuArray {
    const array = this.store.allocate(call.name, length);
    if (length === 0) return array;
    array.cell.pending = call;
    for (const { array: read } of census([call]).reads.values()) read.cell.readers.add(array.cell);
    return array;
  }

  /** Defers an elementwise operation whose result replaces the values of `target`, which may be an operand. */
  rewrite(target: GpuArray, operation: Operation): void {
    this.#checkLive(operation.name, target);
    this.computeReaders(target.cell); // first: it frees what only they read, and an operand may be one of them
    const call = this.#call(operation);
    if (target.length === 0) return;
    this.#evaluate(call, target.cell);
    this.#settle(target.cell);
  }

  /** All elements of an operand, for a program that reads each of them once. Pending operations become part of the program. */
  source(op: string, array: GpuArray): Fused {
    this.check();
    this.#checkLive(op, array);
    return fuse(this.#node(wholeOf(array)));
  }

  /** Runs a program. Integers and numbers come in the order of the program's names. */
  launch(
    program: Program,
    operands: readonly GpuArray[],
    length: number,
    integers: readonly number[] = [],
    numbers: readonly number[] = [],
    output: readonly number[] = [length],
  ): GpuArray {
    this.#ready(program.name, operands);
    const array = this.store.allocate(program.name, length);
    if (length > 0) this.#run(program, operands, array.cell, { output, integers, numbers });
    return array;
  }

  /** Runs a program that has `source` as an operand and in its name. */
  launchFused(program: AnyProgram, source: Fused, length: number, integers: readonly number[]): GpuArray {
    const array = this.store.allocate(program.name, length);
    if (length > 0) this.#runFused(program, source, array.cell, integers);
    return array;
  }

  /** As `launch`; the result replaces the values of `target`, which may be an operand. */
  overwrite(
    target: GpuArray,
    program: Program,
    operands: readonly GpuArray[],
    numbers: readonly number[] = [],
  ): void {
    this.#ready(program.name, [target, ...operands]);
    if (target.length === 0) return;
    this.computeReaders(target.cell);
    this.#run(program, operands, target.cell, { output: [target.length], integers: [], numbers });
  }

  /** As `launch`, for a hand-written shader, which only some modes support: see `driver.shaders`. */
  shade(program: WgslProgram, operands: readonly GpuArray[], length: number): GpuArray {
    this.#ready(program.name, operands);
    const array = this.store.allocate(program.name, length);
    if (length > 0) this.#shade(program, operands, array.cell);
    return array;
  }

  /** Runs a hand-written shader that writes the first of its operands in place. */
  update(program: WgslProgram, operands: readonly GpuArray[]): void {
    this.#ready(program.name, operands);
    for (const { cell } of operands.slice(0, program.updates)) this.computeReaders(cell);
    if (operands[0]!.length > 0) this.#updates.add(program, operands);
  }

  /** @param result - null for a shader that writes in place */
  #shade(program: WgslProgram, operands: readonly GpuArray[], result: Cell | null): void {
    const memories = memoriesOf(operands);
    const finish = (memory: unknown) => result !== null && this.store.put(result, memory);
    this.#launcher.shade(program, operands.length, result?.length ?? 0, memories, finish);
  }

  /** Runs the deferred computation of an array. */
  compute({ cell }: GpuArray): void {
    this.#compute(cell);
  }

  release(array: GpuArray): void {
    this.store.forget(array);
    this.#release(array.cell);
  }

  /** Frees all arrays and kernels, and the device if no other backend uses it. A second call waits for the first. */
  destroy(): Promise<void> {
    this.#end ??= this.#close();
    return this.#end;
  }

  /** Everything before the first await happens within the call of `destroy`. */
  async #close(): Promise<void> {
    this.queue.fail(new BackendError('gpu', 'this backend was destroyed — create a new one with gpu()'));
    this.store.clear();
    this.#compiler.clear();
    await Promise.all([this.#gpu.destroy(), this.driver.destroy()]);
  }

  /** The call of an operation, including the calls of pending operands. */
  #call({ name, text, reads, number }: Operation): Call {
    this.check();
    for (const { array } of reads) this.#checkLive(name, array);
    let operands = reads.map((read) => this.#node(read));
    if (!fits(operands, this.driver.maxArrays)) {
      for (const { array } of reads) if ((array.cell.pending?.operands.length ?? 0) > 0) this.compute(array);
      operands = reads.map((read) => this.#node(read));
    }
    return { name, text, operands, number: number === undefined ? null : Math.fround(number) };
  }

  #node(read: Read): Read | Call {
    const { cell } = read.array;
    const { pending } = cell;
    if (pending === null) return read;
    const straight = accessOf(read) === 'full' || (cell.length === 1 && read.offset === 0);
    if (straight && (!this.#wanted.has(cell) || isCheap(pending))) {
      this.#wanted.add(cell);
      return pending;
    }
    this.#compute(cell);
    return read;
  }

  #compute(cell: Cell): void {
    if (cell.pending === null) return;
    this.#evaluate(cell.pending, cell);
    this.#settle(cell);
  }

  /** Runs the deferred computations that read an array, before its values change. */
  computeReaders({ readers }: Cell): void {
    for (const reader of [...readers]) this.#compute(reader);
  }

  #evaluate(call: Call, target: Cell): void {
    const source = fuse(call);
    const program = wgslCall(call, source, target.length, this.driver) ?? elementProgram(source);
    this.#runFused(program, source, target, []);
  }

  #runFused(
    program: AnyProgram,
    { arrays, integerValues, numberValues: numbers }: Fused,
    target: Cell,
    first: readonly number[],
  ): void {
    const integers = [...first, ...integerValues];
    if ('code' in program) this.#shade(program, arrays, target);
    else this.#run(program, arrays, target, { output: [target.length], integers, numbers });
  }

  #run(program: Program, operands: readonly GpuArray[], target: Cell, args: CallArguments): void {
    this.#launcher.run(program, args, memoriesOf(operands), (result) => this.store.put(target, result));
  }

  /** Ends the deferral of a cell, and frees released arrays that were kept only for it. */
  #settle(cell: Cell): void {
    if (cell.pending === null) return;
    const { reads } = census([cell.pending]);
    cell.pending = null;
    for (const { array } of reads.values()) {
      array.cell.readers.delete(cell);
      this.store.reclaim(array.cell);
    }
  }

  #release(cell: Cell): void {
    if (cell.released) return;
    cell.released = true;
    this.#settle(cell);
    this.store.reclaim(cell);
  }

  #ready(op: string, arrays: readonly GpuArray[]): void {
    this.check();
    for (const array of arrays) {
      this.#checkLive(op, array);
      this.compute(array);
    }
  }

  #checkLive(op: string, array: GpuArray): void {
    if (!array.cell.released) return;
    throw new BackendError('gpu', `${op}: an operand's memory was released — keep it until its last use`);
  }

  /** @throws BackendError if the device failed or was destroyed */
  check(): void {
    const reason = this.queue.failure === null ? this.driver.failure() : null;
    if (reason !== null) this.queue.fail(deviceFailed(reason));
    if (this.queue.failure !== null) throw this.queue.failure;
  }
}
