import type { Dataset } from '../data/dataset.js';

/** Images as they were read. */
export interface StoredData {
  /** One set, or the training set and the test set. */
  readonly sets: readonly Dataset[];
  /** What one of them is called in a sentence. Default image. */
  readonly noun?: string;
  /** Sentences about the conversion. */
  readonly notes: readonly string[];
  /** Whether the preparation was done while the images were read. */
  readonly isPrepared?: boolean;
}
