/** Options of the figures that show random samples. */
export interface FigureOptions {
  title?: string | undefined;
  /** Seed of the samples. Default 0. */
  seed?: number;
}
