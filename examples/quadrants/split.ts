/** Images cut into given pixels and the rest. */
import { Generator } from '@varigrad/core';
import { type Binarization, binarizeDataset, type Dataset, pixelsOf } from '@varigrad/vae';

/** The pixels of an image that are given, and the others, as positions. */
export interface Cut {
  readonly given: readonly number[];
  readonly rest: readonly number[];
}

/**
 * 1: the lower left quadrant is given; 2: the left half; 3: all but the lower right quadrant, as in the tutorial whose numbers are
 * compared: pyro.ai/examples/cvae.html.
 */
export function quadrants(given: number, [height, width]: readonly [number, number]): Cut {
  const isGiven = (y: number, x: number): boolean => {
    const [lower, left] = [y >= height / 2, x < width / 2];
    return given === 1 ? lower && left : given === 2 ? left : left || !lower;
  };
  const places = Array.from({ length: height * width }, (_, i) => i);
  const at = (i: number): boolean => isGiven(Math.floor(i / width), i % width);
  return { given: places.filter(at), rest: places.filter((i) => !at(i)) };
}

/** Images as two arrays of rows: `x` has the given pixels, `y` the others. */
export interface Pairs {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly count: number;
}

/** @param targets - the binarization of all pixels; a dynamic one would differ between x and y, so there is none */
export function pairsOf(data: Dataset, cut: Cut, targets: Exclude<Binarization, 'dynamic'>): Pairs {
  const { images } = binarizeDataset(data, targets, new Generator(0));
  const pixels = pixelsOf(data);
  const select = (places: readonly number[]): Float32Array => {
    const values = new Float32Array(data.count * places.length);
    for (let n = 0; n < data.count; n++)
      for (const [i, place] of places.entries()) values[n * places.length + i] = images[n * pixels + place]!;
    return values;
  };
  return { x: select(cut.given), y: select(cut.rest), count: data.count };
}

/** Whole images, `[count · pixels]`, from given pixels and the rest. */
export function join({ given, rest }: Cut, x: Float32Array, y: Float32Array): Float32Array {
  const pixels = given.length + rest.length;
  const images = new Float32Array(x.length + y.length);
  for (let n = 0; n < images.length / pixels; n++) {
    for (const [i, place] of given.entries()) images[n * pixels + place] = x[n * given.length + i]!;
    for (const [i, place] of rest.entries()) images[n * pixels + place] = y[n * rest.length + i]!;
  }
  return images;
}
