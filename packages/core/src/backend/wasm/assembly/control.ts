/**
 * The control block of the threads, at a fixed address of the shared memory: below the allocator's first block and above
 * the constants.
 */

/** Start of the control block; the words up to `PARAMETERS` are atomic. */
export const CONTROL: usize = 65536;
/** u64: generation (24 bits), number of chunks (20 bits), next chunk to claim (20 bits). */
export const TICKET: usize = CONTROL;
/** i32: chunks of the job that are finished. */
export const DONE: usize = CONTROL + 64;
/** i32: counts dispatches; sleeping workers wait for it to change. */
export const WAKE: usize = CONTROL + 128;
/** i32: workers that are asleep or about to be. */
export const SLEEPERS: usize = CONTROL + 192;
/** i32: workers that have started. */
export const READY: usize = CONTROL + 256;
/** i32: threads that may take part, the caller included. */
export const LIMIT: usize = CONTROL + 260;
/** i32: workers that ended with an error. */
export const FAILED: usize = CONTROL + 264;
/** i32: 1 while a program runs; workers then wait longer for work before they sleep. */
export const HOT: usize = CONTROL + 268;
/** i32: whether tiles of matrix products have 16 columns; see gemm-wide.ts. */
export const WIDE: usize = CONTROL + 272;
/** i32: chunks of a product's packing that are finished; see gemm.ts. */
export const PACKED: usize = CONTROL + 384;
/** u32: index of the job in the function table, which is the same in every thread. */
export const JOB: usize = CONTROL + 448;
/** The job's parameters, one 4-byte word each. */
export const PARAMETERS: usize = CONTROL + 452;
/** Scratch memory: 512 bytes per thread. */
export const SCRATCH: usize = CONTROL + 1024;
export const SCRATCH_SIZE: usize = 512;
/** Offset in a thread's scratch memory at which elementwise kernels compute the last, incomplete vector. */
export const TAIL: usize = 192;

/** Parameter number `i` as an integer (addresses and lengths). */
@inline
export function word(i: i32): usize {
  return load<u32>(PARAMETERS + (<usize>i << 2));
}

/** Parameter number `i` as a float32. */
@inline
export function real(i: i32): f32 {
  return load<f32>(PARAMETERS + (<usize>i << 2));
}

/** Sets parameter number `i`. */
@inline
export function setWord(i: i32, value: usize): void {
  store<u32>(PARAMETERS + (<usize>i << 2), <u32>value);
}

/** Sets parameter number `i` to a float32. */
@inline
export function setReal(i: i32, value: f32): void {
  store<f32>(PARAMETERS + (<usize>i << 2), value);
}

/** Address of a thread's scratch memory. */
@inline
export function scratchOf(thread: i32): usize {
  return SCRATCH + <usize>thread * SCRATCH_SIZE;
}

/** Writes the float at `x` four times to the thread's scratch memory and returns that address. */
@inline
export function splatted(thread: i32, slot: usize, x: usize): usize {
  const place = scratchOf(thread) + slot * 16;
  v128.store(place, v128.load32_splat(x));
  return place;
}
