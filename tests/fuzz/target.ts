/** What is fuzzed: a reader, good files, and the checks that an accepted file must pass. */

/** A good file that is damaged. */
export interface Seed {
  readonly bytes: Uint8Array;
  /** Makes the file of damaged bytes: compresses them, or repairs checksums. Default: the bytes are the file. */
  readonly finish?: (damaged: Buffer) => Uint8Array;
}

export interface Target {
  readonly name: string;
  readonly seeds: readonly Seed[];
  /**
   * Reads a file, and checks independently what was accepted.
   * @throws the reader's error if the file is refused; Unsound if it was accepted and should not have been
   */
  readonly read: (file: Uint8Array) => void | Promise<void>;
}

/** A file was accepted whose own lengths, checksums or values are wrong. */
export class Unsound extends Error {}

/** @throws Unsound unless `holds` */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Unsound(what);
}
