/** What the user looks at, and the sizes of what is shown. It imports nothing, so that the page loads without the library. */

/** What the user looks at. */
export interface View {
  /** Code of the image to decode, `[latent]`; null: none. */
  readonly point: readonly number[] | null;
  /** Class of decoded images, for a conditional model. */
  readonly label: number;
  /** An image to encode, such as a drawn digit; null: none. */
  readonly probe: Float32Array | null;
  /** The two dimensions of the plane; null: those with the largest KL. */
  readonly axes: readonly [number, number] | null;
}

export const NOTHING: View = { point: null, label: 0, probe: null, axes: null };

/** Test images whose codes are shown. */
export const CODES = 500;
/** Images in a row and in a column of the decoded manifold. */
export const MANIFOLD = 13;
/** The manifold covers the square from −REACH to REACH of the plane. */
export const REACH = 2.4;
/** Columns of class × style. */
export const STYLES = 10;
/** Test images beside their reconstructions. */
export const SHOWN = 10;

/** The code at a point of the plane. */
export function codeAt(
  latent: number,
  [across, up]: readonly [number, number],
  x: number,
  y: number,
): number[] {
  const code = new Array<number>(latent).fill(0);
  code[across] = x;
  code[up] = y;
  return code;
}
