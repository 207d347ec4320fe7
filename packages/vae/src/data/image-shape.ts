/** Height and width of grey images, or channels, height and width: `[3, height, width]` for red, green and blue. */
export type ImageShape =
  | readonly [height: number, width: number]
  | readonly [channels: number, height: number, width: number];

/** The shape with its number of channels, which is 1 if it has none. */
export function withChannels(shape: ImageShape): readonly [channels: number, height: number, width: number] {
  return shape.length === 3 ? shape : [1, ...shape];
}

/** Number of values of one image. */
export function sizeOf(shape: ImageShape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * How an image is drawn: in colour if it has three channels. Any other number of channels is drawn in grey, one channel below the
 * other.
 * @returns channels, height and width of the drawing
 */
export function drawnShape(shape: ImageShape): readonly [channels: 1 | 3, height: number, width: number] {
  const [channels, height, width] = withChannels(shape);
  return channels === 3 ? [3, height, width] : [1, channels * height, width];
}
