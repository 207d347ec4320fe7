import type { Commands } from './commands.js';
import { type Dispatch, type DispatchTarget, kernelDispatch } from './dispatch.js';
import { type Activity, type Driver, type GpuAdapter, noActivity } from './driver.js';
import type { GpuKernel, GpuMode } from './gpujs.js';
import type { Dialect } from './natives.js';
import { WgslRunner } from './wgsl-runner.js';

/** Stands for the memory of an array while calls are recorded. */
export interface Place {
  readonly length: number;
  /** The dispatch that computes the values first; −1 for values from outside. */
  readonly from: number;
  /** Numbers of the host that the device needs. */
  readonly host: Float32Array | null;
}

/** A place of values from outside. */
export function outerPlace(length: number): Place {
  return { length, from: -1, host: null };
}

/** Has all properties of a driver of mode webgpu, and records calls in place of running them. */
export class RecordingDriver implements Driver, DispatchTarget<Place> {
  readonly mode: GpuMode;
  readonly adapter: GpuAdapter;
  readonly activity: Activity = noActivity();
  readonly arrayType: string;
  readonly dialect: Dialect | null;
  readonly maxLength: number;
  readonly maxArrays: number;
  readonly grids: boolean;
  readonly quads: boolean;
  readonly shaders: WgslRunner<Place>;
  readonly #mostGroups: number;
  dispatches: Dispatch<Place>[] = [];
  uploads: Place[] = [];

  constructor(driver: Driver, { device }: Commands) {
    this.mode = driver.mode;
    this.adapter = driver.adapter;
    this.arrayType = driver.arrayType;
    this.dialect = driver.dialect;
    this.maxLength = driver.maxLength;
    this.maxArrays = driver.maxArrays;
    this.grids = driver.grids;
    this.quads = driver.quads;
    this.shaders = new WgslRunner<Place>(device, this);
    this.#mostGroups = device.limits.maxComputeWorkgroupsPerDimension;
  }

  /** Begins a new record. */
  clear(): void {
    this.dispatches = [];
    this.uploads = [];
  }

  upload(values: Float32Array): Place {
    const place = { ...outerPlace(values.length), host: values };
    this.uploads.push(place);
    return place;
  }

  take(length: number): Place {
    return { length, from: this.dispatches.length, host: null };
  }

  send(dispatch: Dispatch<Place>): void {
    this.dispatches.push(dispatch);
  }

  run({ kernel }: GpuKernel, args: readonly unknown[], [length]: readonly number[]): Place {
    const result = this.take(length!);
    this.send(kernelDispatch(kernel, args, result, this.#mostGroups));
    return result;
  }

  build(): null {
    return null;
  }

  async read(): Promise<Float32Array> {
    return new Float32Array(0);
  }

  free(): void {}

  pooledBytes(): number {
    return 0;
  }

  failure(): null {
    return null;
  }

  async destroy(): Promise<void> {}
}
