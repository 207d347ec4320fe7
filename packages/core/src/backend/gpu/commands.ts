/**
 * What is sent to a webgpu device. Single calls are collected: one command encoder and one compute pass hold them until values are
 * read, a compiled step runs, or the parameters of the calls fill their buffer.
 */
import { BindGroups, type Region } from './bind-groups.js';
import type { Dispatch } from './dispatch.js';
import type { Activity } from './driver.js';
import {
  COPY_DST,
  type CommandEncoder,
  type ComputePass,
  type Device,
  type DeviceBuffer,
  UNIFORM,
} from './webgpu.js';

/** Bytes of the parameters of calls that are sent together: 256 calls of up to 256 bytes. */
const PARAMS_BYTES = 2 ** 16;

/** All of a buffer. */
export function wholeRegion(buffer: DeviceBuffer): Region {
  return { buffer, offset: 0, size: buffer.size };
}

export class Commands {
  readonly device: Device;
  readonly activity: Activity;
  readonly groups: BindGroups;
  readonly #params: DeviceBuffer;
  readonly #words: Uint32Array = new Uint32Array(PARAMS_BYTES / 4);
  /** Bytes of parameters of the open calls. */
  #used = 0;
  #encoder: CommandEncoder | null = null;
  #pass: ComputePass | null = null;
  /** The buffers that the open calls read or write. */
  readonly #bound: Set<DeviceBuffer> = new Set();
  readonly #created: Set<DeviceBuffer> = new Set();

  constructor(device: Device, activity: Activity) {
    this.device = device;
    this.activity = activity;
    this.groups = new BindGroups(device);
    this.#params = this.createBuffer(PARAMS_BYTES, UNIFORM | COPY_DST);
  }

  /** Adds a call to the open ones. */
  add({ shader, params, memories, groups }: Dispatch<DeviceBuffer>): void {
    const align = this.device.limits.minUniformBufferOffsetAlignment;
    const bytes = Math.ceil(params.byteLength / align) * align;
    if (this.#used + bytes > PARAMS_BYTES) this.flush();
    this.#words.set(params, this.#used / 4);
    const first: Region = { buffer: this.#params, offset: this.#used, size: params.byteLength };
    const group = this.groups.get(shader, [first, ...memories.map(wholeRegion)]);
    this.#encoder ??= this.device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(shader.computePipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...groups);
    this.#used += bytes;
    for (const buffer of memories) this.#bound.add(buffer);
    this.activity.launches++;
  }

  /** Copies numbers into a buffer from a byte on, after all calls so far. */
  write(buffer: DeviceBuffer, values: Float32Array | Uint32Array, offset: number = 0): void {
    if (this.#bound.has(buffer)) this.flush(); // a copy of the queue would overtake calls that were not sent yet
    this.device.queue.writeBuffer(buffer, offset, values);
    this.activity.uploads++;
  }

  /** Sends a compute pass by itself, after the open calls. */
  runPass(encode: (pass: ComputePass) => void): void {
    this.flush();
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    this.activity.submits++;
  }

  /** Sends the open calls, and then what `more` encodes. */
  flush(more?: (encoder: CommandEncoder) => void): void {
    this.#pass?.end();
    if (more !== undefined) {
      this.#encoder ??= this.device.createCommandEncoder();
      more(this.#encoder);
    }
    if (this.#encoder === null) return;
    const { queue } = this.device;
    if (this.#used > 0) queue.writeBuffer(this.#params, 0, this.#words.subarray(0, this.#used / 4));
    queue.submit([this.#encoder.finish()]);
    this.activity.submits++;
    this.#used = 0;
    this.#encoder = null;
    this.#pass = null;
    this.#bound.clear();
  }

  /** A buffer that stays until it is destroyed, at the latest with the backend. */
  createBuffer(size: number, usage: number): DeviceBuffer {
    const buffer = this.device.createBuffer({ size, usage });
    this.#created.add(buffer);
    return buffer;
  }

  /** Destroys a buffer that open calls may use. */
  destroyBuffer(buffer: DeviceBuffer): void {
    if (this.#bound.has(buffer)) this.flush();
    this.#created.delete(buffer);
    buffer.destroy();
  }

  /** Drops the open calls. */
  destroy(): void {
    this.#encoder = null;
    this.#pass = null;
    this.#used = 0;
    this.#bound.clear();
    this.groups.clear();
    for (const buffer of this.#created) buffer.destroy();
    this.#created.clear();
  }
}
