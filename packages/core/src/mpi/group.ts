/** Processes that compute together. */
import type { ExchangeSpec, HostArray } from '../backend/backend.js';
import { checkArray, checkTensor, checkWhole } from '../checks/arguments.js';
import { onEachCall } from '../compile/active.js';
import { BackendError } from '../errors.js';
import { updateInPlace } from '../storage.js';
import type { Tensor } from '../tensor.js';
import type { Transport } from './transport.js';

/**
 * Processes that compute together. Every process calls the same functions in the same order, with values of the same sizes; a call
 * returns when all have taken part.
 */
export interface Group extends ExchangeSpec {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Threads of each process if the processes of this machine share its cores evenly. */
  readonly threads: number;
  /** What exchanges the values, for display. */
  readonly description: string;
  /** Replaces each tensor by its sum over the processes, in place. Works inside compiled functions. */
  allReduce(tensors: readonly Tensor[]): void;
  /** Replaces the values of tensors by those of process `root`, in place. Default: process 0. */
  broadcast(tensors: readonly Tensor[], root?: number): void;
  /** Returns when all processes have called it. */
  barrier(): void;
  /** The bytes of every process, in order. All have the same length. */
  gather(bytes: Uint8Array): Uint8Array[];
  /** Sends the i-th part of the bytes to process i, and puts the part from process i to the i-th part of `into`. */
  swap(bytes: Uint8Array, into: Uint8Array): void;
  /**
   * Sums parts in an order that does not depend on the number of processes: a binary tree over all parts, of which each process has the
   * same number. The arrays of the first part become the sum; the others hold intermediate values afterwards.
   * @param parts - those of this process, in order; each is a list of arrays of the same lengths
   */
  sumInOrder(parts: readonly (readonly HostArray[])[]): void;
  /** Ends the exchange. MPI cannot start again in this process. */
  end(): void;
}

/** Arrays of fewer elements are exchanged together: a message costs more than a copy of them. */
const SMALL = 16_384;

/** A group of the processes that a transport connects. @param threads - see `Group` */
export function createGroup(transport: Transport, threads: number): Group {
  let isEnded = false;
  let scratch = new ArrayBuffer(0);
  const open = (op: string): Transport => {
    if (isEnded)
      throw new BackendError(
        op,
        'the group has ended, and cannot start again in this process — call end() after the last use',
      );
    return transport;
  };
  /** Memory at a fixed address. */
  const space = (bytes: number): ArrayBuffer => {
    if (scratch.byteLength < bytes) scratch = new ArrayBuffer(Math.max(bytes, 4 * SMALL));
    return scratch;
  };
  const sum = (arrays: readonly HostArray[]): void => {
    const { size, sum } = open('allReduce');
    if (size === 1) return;
    const Precision = arrays[0] instanceof Float64Array ? Float64Array : Float32Array;
    const small = arrays.filter(({ length }) => length < SMALL);
    const count = small.reduce((total, { length }) => total + length, 0);
    const packed = new Precision(space(Precision.BYTES_PER_ELEMENT * count), 0, count);
    let at = 0;
    for (const array of small) {
      packed.set(array, at);
      at += array.length;
    }
    if (count > 0) sum(packed);
    at = 0;
    for (const array of small) {
      array.set(packed.subarray(at, at + array.length));
      at += array.length;
    }
    for (const array of arrays) if (array.length >= SMALL) sum(array);
  };
  const group: Group = {
    rank: transport.rank,
    size: transport.size,
    description: transport.description,
    threads,
    sum,
    allReduce(tensors) {
      open('allReduce');
      const targets = checkTensors('allReduce', tensors);
      updateInPlace(targets, (k) =>
        k.allReduce(
          targets.map(({ values }) => values),
          onEachCall(() => group),
        ),
      );
    },
    broadcast(tensors, root = 0) {
      const { rank, size, broadcast } = open('broadcast');
      checkWhole('broadcast', 'root', root, 0);
      if (root >= size) throw new BackendError('broadcast', `root must be below ${size}, found ${root}`);
      for (const target of checkTensors('broadcast', tensors)) {
        const own = Float32Array.from(target.dataSync());
        const bytes = new Uint8Array(space(own.byteLength), 0, own.byteLength);
        const floats = new Float32Array(bytes.buffer, 0, own.length);
        floats.set(own);
        broadcast(bytes, root);
        if (rank !== root) updateInPlace([target], (k) => k.assign(target.values, floats.slice()));
      }
    },
    barrier: () => open('barrier').barrier(),
    gather(bytes) {
      const { size, gather } = open('gather');
      const { length } = bytes;
      const memory = space((size + 1) * length);
      const own = new Uint8Array(memory, size * length, length);
      const all = new Uint8Array(memory, 0, size * length);
      own.set(bytes);
      gather(own, all);
      return Array.from({ length: size }, (_, i) => all.slice(i * length, (i + 1) * length));
    },
    swap: (bytes, into) => open('swap').swap(bytes, into),
    sumInOrder(parts) {
      const { size, swap, gather } = open('sumInOrder');
      if (size === 1) {
        for (const i of parts[0]!.keys()) treeSum(parts.map((arrays) => arrays[i]!));
        return;
      }
      // Each process sums one piece of all parts, and sends it to the others.
      const total = parts[0]!.reduce((sum, { length }) => sum + length, 0);
      const piece = Math.ceil(total / size);
      const count = parts.length * piece * size;
      const memory = space(8 * count);
      const [sent, received] = [0, 4 * count].map((at) => new Float32Array(memory, at, count)) as Pair;
      parts.forEach((arrays, part) => {
        forEachPiece(arrays, piece, (values, process, at) => {
          sent.set(values, (process * parts.length + part) * piece + at);
        });
      });
      swap(bytesOf(sent), bytesOf(received));
      const pieces = Array.from({ length: size * parts.length }, (_, i) =>
        received.subarray(i * piece, (i + 1) * piece),
      );
      gather(bytesOf(treeSum(pieces)), bytesOf(sent.subarray(0, piece * size)));
      forEachPiece(parts[0]!, piece, (values, process, at) => {
        values.set(sent.subarray(process * piece + at, process * piece + at + values.length));
      });
    },
    end() {
      if (isEnded) return;
      isEnded = true;
      transport.end();
    },
  };
  return group;
}

type Pair = [Float32Array, Float32Array];

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Adds arrays in pairs, then the sums in pairs, and so on, in the first array of each pair. @returns the first array, the sum of all */
function treeSum<A extends HostArray>(arrays: readonly A[]): A {
  for (let apart = 1; apart < arrays.length; apart *= 2) {
    for (let i = 0; i + apart < arrays.length; i += 2 * apart) {
      const [target, source] = [arrays[i]!, arrays[i + apart]!];
      for (let k = 0; k < target.length; k++) target[k]! += source[k]!;
    }
  }
  return arrays[0]!;
}

/** Cuts arrays, as if they were one, into pieces, and calls `use` for each run of values with its piece and its place in the piece. */
function forEachPiece(
  arrays: readonly HostArray[],
  piece: number,
  use: (values: HostArray, index: number, at: number) => void,
): void {
  let place = 0;
  for (const array of arrays) {
    for (let from = 0; from < array.length; ) {
      const at = place % piece;
      const length = Math.min(piece - at, array.length - from);
      use(array.subarray(from, from + length), Math.floor(place / piece), at);
      from += length;
      place += length;
    }
  }
}

function checkTensors(op: string, tensors: readonly Tensor[]): [Tensor, ...Tensor[]] {
  checkArray(op, 'the tensors', tensors);
  for (const t of tensors) {
    checkTensor(op, t, 'each tensor');
    if (t.storage.backend.memory !== 'host')
      throw new BackendError(
        op,
        `processes exchange tensors of host memory only, found one on '${t.storage.backend.name}' — use the wasm or the native backend`,
      );
  }
  return tensors as [Tensor, ...Tensor[]];
}
