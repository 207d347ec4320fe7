/** Chooses between the flavours of the kernels, and turns on what an engine has but does not use by default. */
import { BackendError } from '../../errors.js';

/** 'plain' 128-bit SIMD; 'relaxed': with fused multiply-add; 'wide': also joined to 256 bits by the engine. */
export type Simd = 'plain' | 'relaxed' | 'wide';

/** A function with the instruction i32x4.relaxed_trunc_f32x4_s: valid only if the host supports relaxed SIMD. */
const RELAXED_PROBE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 11, 1, 9, 0, 0x41, 0, 0xfd,
  0x0f, 0xfd, 0x81, 0x02, 0x0b,
]);

const RELAXED_FLAG = '--experimental-wasm-relaxed-simd';
const WIDE_FLAG = '--experimental-wasm-revectorize';
/** The Node version whose V8 joins fused multiply-adds. In 22 it leaves them at 128 bits, and in 24 it ends the process. */
const WIDE_NODE = 26;

const hasRelaxed = (): boolean => WebAssembly.validate(RELAXED_PROBE);

/**
 * The flavour that runs. The two that a host does not offer by itself are turned on by flags of V8, for the whole process.
 * @throws BackendError if the host cannot run the requested flavour
 */
export function chooseSimd(requested: Simd | undefined): Simd {
  if (requested === undefined) return hasRelaxed() ? 'relaxed' : 'plain';
  if (requested === 'plain') return requested;
  const missing = requested === 'wide' ? missingForWide() : undefined;
  if (missing !== undefined) throw refusal(requested, missing);
  if (!hasRelaxed()) setFlag(RELAXED_FLAG);
  if (!hasRelaxed()) throw refusal(requested, 'this host has no relaxed SIMD');
  if (requested === 'wide') setFlag(WIDE_FLAG);
  return requested;
}

/** The error of a flavour that the host cannot run. */
export function refusal(simd: Simd, reason: string): BackendError {
  return new BackendError('wasm', `simd '${simd}': ${reason} — leave out simd, or use another one`);
}

/** Sets a flag of V8 on Node. Other hosts have no such flags. */
function setFlag(flag: string): void {
  if (nodeVersion() === undefined) return;
  process.getBuiltinModule('node:v8').setFlagsFromString(flag);
}

/** Major version of Node; undefined on other hosts. */
function nodeVersion(): number | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  const { node, bun, deno } = process.versions;
  return node === undefined || bun !== undefined || deno !== undefined
    ? undefined
    : Number.parseInt(node, 10);
}

function missingForWide(): string | undefined {
  const version = nodeVersion();
  if (version !== WIDE_NODE) {
    const found = version === undefined ? 'another host' : `Node ${version}`;
    return `V8 joins 128-bit instructions reliably in Node ${WIDE_NODE} only, found ${found}`;
  }
  if (process.arch !== 'x64') return `it needs an x64 processor, found ${process.arch}`;
  const flags = cpuFlags();
  return flags === undefined || /\bavx2\b/.test(flags) ? undefined : 'the processor has no AVX2';
}

/** The text that names the processor's instruction sets; undefined where Node cannot read it. */
export function cpuFlags(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return process.getBuiltinModule('node:fs').readFileSync('/proc/cpuinfo', 'latin1');
}
