/** Reads CelebA: pictures of faces, and a list that says which are for training (0), validation (1) and testing (2). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PictureFile, readPictures } from './picture-folder.js';
import type { Preparation } from './preparation.js';
import type { StoredData } from './stored-data.js';
import { UsageError } from './usage-error.js';

export const CELEBA_LIST = 'list_eval_partition.txt';
const PICTURES = 'img_align_celeba';

/** @throws UsageError if the list is damaged, or pictures are missing or do not fit into memory */
export async function readCeleba(folder: string, preparation: Preparation): Promise<StoredData> {
  const path = join(folder, CELEBA_LIST);
  const parts = parseList(readFileSync(path, 'utf8'), path);
  const read = async (part: number) => {
    const files = parts.flatMap(([name, own]): PictureFile[] =>
      own === part ? [{ path: join(folder, PICTURES, name), label: 0 }] : [],
    );
    return (await readPictures(files, 0, { ground: 0, preparation })).data;
  };
  const [missing] = parts.find(([name]) => !existsSync(join(folder, PICTURES, name))) ?? [];
  if (missing !== undefined)
    throw new UsageError(`--data ${folder}: the picture ${PICTURES}/${missing} of the list is missing`);
  return { sets: [await read(0), await read(2)], notes: [], isPrepared: true };
}

/** Lines such as `000001.jpg 0`. */
function parseList(text: string, path: string): [name: string, part: number][] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line, i) => {
      const [, name, part] = /^(\w[\w.-]*\.jpg) ([012])$/.exec(line.trim()) ?? [];
      if (name === undefined)
        throw new UsageError(
          `${path}: line ${i + 1} must be a file name and 0, 1 or 2, found "${line.slice(0, 80)}"`,
        );
      return [name, Number(part)];
    });
}
