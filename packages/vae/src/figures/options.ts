/** Options of the figures that show random draws. */
export interface FigureOptions {
  title?: string | undefined;
  /** Seed of the draws. Default 0. */
  seed?: number;
}
