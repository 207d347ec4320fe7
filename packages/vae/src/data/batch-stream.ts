/** Data sets that are read batch by batch, because they do not fit into memory. */
import { ArgumentError, Generator } from '@varigrad/core';
import { checkOptions, checkWhole, describeValue, type OptionNames } from '@varigrad/core/checks';
import type { Batch } from './batch.js';
import type { ImageShape } from './image-shape.js';

/** Images for training that are read while the training runs. */
export interface BatchStream {
  /** Images of an epoch. */
  readonly count: number;
  readonly imageShape: ImageShape;
  /** 0 if the images have no labels. */
  readonly classes: number;
  /**
   * The images of one epoch in batches of `batchSize`, the last of which may be smaller.
   * @param options - `seed` differs between epochs. The same seed and batch size must give the same batches, so that a run can continue
   */
  read(options: StreamReadOptions): AsyncIterable<Batch>;
}

/** Options of `BatchStream.read`. */
export interface StreamReadOptions {
  readonly batchSize: number;
  readonly seed: bigint;
}

/** Whether a data set is a stream. */
export function isStream(data: unknown): data is BatchStream {
  return typeof data === 'object' && data !== null && typeof (data as { read?: unknown }).read === 'function';
}

/**
 * The batches of a stream from number `skip` on.
 * @param steps - the number of batches that are used; later ones are left out
 * @throws ArgumentError if the stream ends early, or a batch has another number of images
 */
export async function* streamedBatches(
  stream: BatchStream,
  { skip, steps, ...options }: StreamReadOptions & { readonly skip: number; readonly steps: number },
): AsyncGenerator<Batch> {
  let step = 0;
  for await (const batch of stream.read(options)) {
    if (step === steps) return;
    const size = Math.min(options.batchSize, stream.count - step * options.batchSize);
    step++;
    if (batch?.size !== size)
      throw new ArgumentError(
        'fit',
        `batch ${step} of the stream must have ${size} images, found ${describeValue(batch?.size)} — its count is ${stream.count} images in batches of ${options.batchSize}`,
      );
    if (step > skip) yield batch;
  }
  if (step < steps)
    throw new ArgumentError(
      'fit',
      `the stream ended after ${step} batches, and its count of ${stream.count} images is ${steps} batches of ${options.batchSize} — make both equal`,
    );
}

/** Options of `shuffled`. */
export interface ShuffleOptions {
  batchSize: number;
  /** Images in the buffer. 1 keeps the order. */
  bufferSize: number;
  generator: Generator;
}

const SHUFFLE_OPTIONS: OptionNames<ShuffleOptions> = { batchSize: true, bufferSize: true, generator: true };

/**
 * Shuffles images that arrive one after the other. A buffer holds the first `bufferSize` images. Each later one takes the place of a
 * random image of the buffer, which goes into the next batch; the rest follows in random order. An image can come any number of places
 * later than it arrived, and at most `bufferSize` places earlier.
 * @param source - batches of any sizes
 * @throws ArgumentError if the source cannot be iterated, or a size is not a whole number above 0
 */
export async function* shuffled(
  source: AsyncIterable<Batch> | Iterable<Batch>,
  options: ShuffleOptions,
): AsyncGenerator<Batch> {
  if (
    typeof source !== 'object' ||
    source === null ||
    !(Symbol.asyncIterator in source || Symbol.iterator in source)
  )
    throw new ArgumentError(
      'shuffled',
      `the source must be an iterable of batches, found ${describeValue(source)}`,
    );
  checkOptions('shuffled', options, SHUFFLE_OPTIONS, 'source, ');
  const { batchSize, bufferSize, generator } = options;
  checkWhole('shuffled', 'batchSize', batchSize);
  checkWhole('shuffled', 'bufferSize', bufferSize);
  if (!(generator instanceof Generator))
    throw new ArgumentError('shuffled', `generator must be a Generator, found ${describeValue(generator)}`);
  let buffer: Rows | undefined;
  let next: Rows | undefined;
  for await (const { images, labels, size } of source) {
    if (size === 0) continue;
    const width = images.length / size;
    if (width !== (buffer?.width ?? Math.floor(width)))
      throw new ArgumentError(
        'shuffled',
        `a batch has ${size} images of ${width} values${buffer === undefined ? '' : `, and earlier ones have images of ${buffer.width}`} — use images of one size`,
      );
    buffer ??= new Rows(bufferSize, width);
    next ??= new Rows(batchSize, width);
    const draws = generator.uniform(size);
    for (let i = 0; i < size; i++) {
      const image = images.subarray(i * width, (i + 1) * width);
      if (buffer.size < bufferSize) {
        buffer.set(buffer.size, image, labels[i]!);
        continue;
      }
      const place = Math.floor(bufferSize * draws[i]!);
      next.set(next.size, buffer.image(place), buffer.labels[place]!);
      buffer.set(place, image, labels[i]!);
      if (next.size < batchSize) continue;
      yield next;
      next = new Rows(batchSize, width);
    }
  }
  if (buffer === undefined || next === undefined) return;
  for (const place of generator.permutation(buffer.size)) {
    next.set(next.size, buffer.image(place), buffer.labels[place]!);
    if (next.size < batchSize) continue;
    yield next;
    next = new Rows(batchSize, buffer.width);
  }
  if (next.size > 0) yield next.part();
}

/** Images and labels in arrays of a fixed length. */
class Rows implements Batch {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly width: number;
  /** Number of rows that are set. */
  size = 0;

  constructor(most: number, width: number) {
    this.images = new Float32Array(most * width);
    this.labels = new Uint8Array(most);
    this.width = width;
  }

  image(place: number): Float32Array {
    return this.images.subarray(place * this.width, (place + 1) * this.width);
  }

  set(place: number, image: Float32Array, label: number): void {
    this.images.set(image, place * this.width);
    this.labels[place] = label;
    if (place === this.size) this.size++;
  }

  /** The rows that are set. */
  part(): Batch {
    const { images, labels, size, width } = this;
    return { images: images.slice(0, size * width), labels: labels.slice(0, size), size };
  }
}
