/** Checks of the files in the folder of a run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { decodeSafetensors } from '@varigrad/nn';
import { PNG } from 'pngjs';

/** Throws if the contents are not complete, by the extension of the file. */
const READERS: Readonly<Record<string, (contents: Buffer, path: string) => unknown>> = {
  '.csv': (contents) => {
    const [head, ...rows] = contents.toString().split('\n');
    if (rows.pop() !== '') throw new Error('the last line has no end');
    const columns = head!.split(',').length;
    if (rows.some((row) => row.split(',').length !== columns))
      throw new Error(`a line does not have ${columns} fields`);
  },
  '.json': (contents) => JSON.parse(contents.toString()),
  '.jsonl': (contents) =>
    contents
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  '.png': (contents) => PNG.sync.read(contents),
  '.safetensors': (contents, path) => decodeSafetensors(contents, path),
  '.svg': (contents) => {
    if (!contents.toString().trimEnd().endsWith('</svg>')) throw new Error('the picture has no end');
  },
};

/** Reads every file of a run. @throws Error that names the file which is not complete */
export function checkFiles(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) continue;
    const read = READERS[extname(name)];
    if (read === undefined) throw new Error(`${name}: an unknown kind of file`);
    try {
      read(readFileSync(join(folder, name)), name);
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`);
    }
  }
}

/** @throws Error unless two runs have the same files, with the same weights, checkpoints and losses, byte for byte */
export function checkAlike(run: string, other: string): void {
  const names = (folder: string): string => readdirSync(folder).sort().join(' ');
  if (names(run) !== names(other)) throw new Error(`the files are ${names(run)}, not ${names(other)}`);
  for (const name of ['weights.safetensors', 'best.safetensors', 'checkpoint.safetensors']) {
    const [one, two] = [run, other].map((folder) => readFileSync(join(folder, name)));
    if (!one?.equals(two as Buffer))
      throw new Error(`${name} differs from that of the run without interruptions`);
  }
  const losses = (folder: string): string =>
    readFileSync(join(folder, 'metrics.jsonl'), 'utf8').replace(/,"seconds".*/g, '');
  if (losses(run) !== losses(other)) throw new Error('the losses differ');
}
