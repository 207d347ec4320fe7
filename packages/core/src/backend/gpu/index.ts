export type { GpuAdapter } from './driver.js';
export { type GpuBackend, type GpuOptions, gpu } from './gpu.js';
export type { GpuMode } from './gpujs.js';
export type { GpuArray } from './handle.js';
export type { GpuActivity } from './machine.js';
export type { GpuMemory } from './store.js';
