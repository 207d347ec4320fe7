/**
 * A WebGPU device that computes nothing. It checks what a real one would refuse, and records what it was sent. Its reads return zeros,
 * except for the test kernel with which `gpu()` begins.
 */

interface FakeBuffer {
  readonly size: number;
  readonly usage: number;
  destroyed: boolean;
}

interface Entry {
  readonly binding: number;
  readonly resource: { readonly buffer: FakeBuffer; readonly offset: number; readonly size: number };
}

interface Layout {
  readonly entries: readonly { readonly binding: number; readonly buffer: { readonly type: string } }[];
}

interface Group {
  readonly layout: Layout;
  readonly entries: readonly Entry[];
}

/** A dispatch: the text of its shader, and its bindings. */
export interface FakeDispatch {
  readonly code: string;
  readonly group: Group;
}

/** What a submission contained: the dispatches of each of its passes. */
export type FakeSubmission = readonly (readonly FakeDispatch[])[];

const ALIGN = 256;
const [COPY_DST, UNIFORM, STORAGE] = [0x08, 0x40, 0x80];

interface Limits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minUniformBufferOffsetAlignment: number;
  readonly minStorageBufferOffsetAlignment: number;
}

const LIMITS: Limits = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65_535,
  minUniformBufferOffsetAlignment: ALIGN,
  minStorageBufferOffsetAlignment: ALIGN,
};

interface Queue {
  writeBuffer(buffer: FakeBuffer, offset: number, data: ArrayBufferView): void;
  submit(commands: readonly FakeSubmission[]): void;
}

interface PipelineDescriptor {
  readonly compute: { readonly module: { readonly code: string } };
}

/** The words that the test kernel of `gpu()` must return. */
const PROBE = Float32Array.of(Number.NaN, 3, 2);

export class FakeDevice {
  /** What a real device would refuse. */
  readonly problems: string[] = [];
  readonly submissions: FakeSubmission[] = [];
  /** Bytes of each `writeBuffer`. */
  readonly writes: number[] = [];
  readonly buffers: Set<FakeBuffer> = new Set();
  bindGroups = 0;
  /** Ends the device, as after a restart of its driver. */
  lose: (message: string) => void = () => {};
  readonly lost: Promise<{ reason: string; message: string }> = new Promise((resolve) => {
    this.lose = (message) => resolve({ reason: 'unknown', message });
  });
  onuncapturederror: unknown = null;
  readonly limits: Limits = LIMITS;
  readonly queue: Queue = {
    writeBuffer: (buffer, offset, data) => {
      this.#check(
        !buffer.destroyed && (buffer.usage & COPY_DST) !== 0,
        'a write to a destroyed or fixed buffer',
      );
      this.#check(offset + data.byteLength <= buffer.size, 'a write beyond the end of a buffer');
      this.writes.push(data.byteLength);
    },
    submit: (commands) => {
      for (const passes of commands) {
        for (const { group } of passes.flat())
          for (const { resource } of group.entries)
            this.#check(!resource.buffer.destroyed, 'a submission that uses a destroyed buffer');
        this.submissions.push(passes);
      }
    },
  };

  get bytes(): number {
    return [...this.buffers].reduce((sum, { size }) => sum + size, 0);
  }

  createBuffer({ size, usage }: { size: number; usage: number }): object {
    const values = size === PROBE.byteLength ? PROBE.buffer : new ArrayBuffer(size);
    const buffer = {
      size,
      usage,
      destroyed: false,
      destroy: () => {
        buffer.destroyed = true;
        this.buffers.delete(buffer);
      },
      mapAsync: async () => {},
      getMappedRange: () => values,
    };
    this.buffers.add(buffer);
    return buffer;
  }

  createShaderModule({ code }: { code: string }): object {
    return { code, getCompilationInfo: async () => ({ messages: [] }) };
  }

  createBindGroupLayout(layout: Layout): Layout {
    return layout;
  }

  createPipelineLayout(layout: object): object {
    return layout;
  }

  /** A pipeline is the text of its shader. */
  createComputePipeline({ compute }: PipelineDescriptor): string {
    return compute.module.code;
  }

  async createComputePipelineAsync(descriptor: PipelineDescriptor): Promise<string> {
    return this.createComputePipeline(descriptor);
  }

  pushErrorScope(): void {}

  async popErrorScope(): Promise<null> {
    return null;
  }

  destroy(): void {}

  createBindGroup(group: Group): Group {
    this.bindGroups++;
    this.#check(group.layout.entries.length === group.entries.length, 'a group with missing bindings');
    for (const { resource } of group.entries) {
      const { buffer, offset, size } = resource;
      this.#check(
        offset % ALIGN === 0 && offset + size <= buffer.size && size > 0,
        'a region outside of its buffer',
      );
    }
    return group;
  }

  createCommandEncoder(): object {
    const passes: FakeDispatch[][] = [];
    return {
      beginComputePass: () => {
        const dispatches: FakeDispatch[] = [];
        passes.push(dispatches);
        let [code, group]: [string, Group | null] = ['', null];
        return {
          setPipeline: (pipeline: string) => {
            code = pipeline;
          },
          setBindGroup: (_: number, next: Group) => {
            group = next;
          },
          dispatchWorkgroups: (...groups: number[]) => {
            this.#check(
              groups.every((n) => n > 0 && n <= 65_535),
              `groups ${groups}`,
            );
            this.#checkUsage(group!);
            dispatches.push({ code, group: group! });
          },
          end() {},
        };
      },
      copyBufferToBuffer() {},
      finish: () => passes,
    };
  }

  /** Within a dispatch, a buffer that is written must have no other use, also in other regions. */
  #checkUsage({ layout, entries }: Group): void {
    const uses = entries.map(({ resource }, i) => ({ ...resource, type: layout.entries[i]!.buffer.type }));
    for (const { buffer, type } of uses) {
      const needed = type === 'uniform' ? UNIFORM : STORAGE;
      this.#check((buffer.usage & needed) !== 0, `a buffer that cannot be bound as ${type}`);
      const others = uses.filter((use) => use.buffer === buffer);
      this.#check(
        type !== 'storage' || others.length === 1,
        'a buffer that is read and written by one dispatch',
      );
    }
  }

  #check(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }
}

/** Runs `f` with a `navigator.gpu` whose adapter gives one such device. */
export async function withFakeDevice(f: (device: FakeDevice) => Promise<void>): Promise<void> {
  const device = new FakeDevice();
  const adapter = {
    limits: device.limits,
    info: { description: 'a device that computes nothing' },
    requestDevice: async () => device,
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const value = { gpu: { requestAdapter: async () => adapter } };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  try {
    await f(device);
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}
