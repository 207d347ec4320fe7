import { ArgumentError, formatShape, ShapeError, sameShape, type Tensor } from '@varigrad/core';
import { checkTensor, checkValues } from '@varigrad/core/checks';

/**
 * Throws if images lie outside a likelihood's support. Only host memory is checked, because reading from a device would stall it.
 * @throws ArgumentError with the range of the images, or the NaN or infinity that was found
 */
export function checkRange(op: string, x: Tensor, low: number, high: number, advice: string): void {
  checkTensor(op, x, 'x');
  checkValues(x, (values) => {
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) throw new ArgumentError(op, `images contain ${value} — ${advice}`);
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least < low || most > high) {
      const support = low === -Infinity ? 'are finite' : `lie in [${low}, ${high}]`;
      throw new ArgumentError(op, `images ${support}, but range from ${least} to ${most} — ${advice}`);
    }
  });
}

/** @throws ShapeError unless the images are `[batch, pixels]` and the decoder's outputs `[batch, perPixel · pixels]` */
export function checkOutputs(op: string, outputs: Tensor, x: Tensor, perPixel: number): void {
  checkTensor(op, outputs, 'outputs');
  checkTensor(op, x, 'x');
  const [batch, pixels] = x.shape;
  if (x.rank === 2 && sameShape(outputs.shape, [batch!, perPixel * pixels!])) return;
  const wanted = x.rank === 2 ? formatShape([batch!, perPixel * pixels!]) : '[batch, pixels] for both';
  throw new ShapeError(
    op,
    [outputs.shape, x.shape],
    `outputs ${formatShape(outputs.shape)} for images ${formatShape(x.shape)} — they must be ${wanted}`,
  );
}
