import type { Table } from '../data/csv.js';
import type { Dataset } from '../data/dataset.js';

/** Images as they were read. */
export interface StoredData {
  /** One set, or the training set and the test set; none if there is a table. */
  readonly sets: readonly Dataset[];
  /** Rows of numbers instead of images. */
  readonly table?: Table;
  /** What one of them is called in a sentence. Default image. */
  readonly noun?: string;
  /** Sentences about the conversion. */
  readonly notes: readonly string[];
  /** Whether the preparation was done while the images were read. */
  readonly isPrepared?: boolean;
}
