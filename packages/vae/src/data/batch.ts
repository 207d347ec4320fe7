/** Some images of a data set. The arrays are copies, which the caller may keep and change. */
export interface Batch {
  /** `[size · pixels]` */
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly size: number;
}
