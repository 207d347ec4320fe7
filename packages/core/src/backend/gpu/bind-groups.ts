import type { ComputeShader } from './dispatch.js';
import type { Device, DeviceBuffer } from './webgpu.js';

/** A part of a buffer that a shader reads or writes. */
export interface Region {
  readonly buffer: DeviceBuffer;
  /** In bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Bind groups kept for later calls. When there are more, all are forgotten. */
const MOST_GROUPS = 4096;

/** The bind groups of one device. Training steps bind the same buffers to the same shaders repeatedly. */
export class BindGroups {
  readonly #device: Device;
  readonly #groups: Map<string, unknown> = new Map();
  readonly #ids: WeakMap<object, number> = new WeakMap();
  #count = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** The bind group of a shader with these regions as its bindings from 0 on. */
  get(shader: ComputeShader, regions: readonly Region[]): unknown {
    let key = `${this.#idOf(shader)}`;
    for (const { buffer, offset, size } of regions) key += ` ${this.#idOf(buffer)}:${offset}:${size}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const entries = regions.map(({ buffer, offset, size }, binding) => {
      return { binding, resource: { buffer, offset, size } };
    });
    const group = this.#device.createBindGroup({ layout: shader.bindGroupLayout, entries });
    if (this.#groups.size >= MOST_GROUPS) this.#groups.clear();
    this.#groups.set(key, group);
    return group;
  }

  clear(): void {
    this.#groups.clear();
  }

  #idOf(object: object): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    this.#ids.set(object, ++this.#count);
    return this.#count;
  }
}
