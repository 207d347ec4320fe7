/** Own images: picked with a dialog, or dropped on the page. */
import { byId } from '../../explorer/src/dom.js';
import { listenToDrops } from '../../explorer/src/dropped-files.js';
import { readCsv } from './data/csv.js';
import { isPicture, type PickedFile, readPictures } from './data/pictures.js';
import type { OwnImages } from './messages.js';

/** @param opened - called with the images; @param refused - called with the reason why files cannot be read */
export function listenToFiles(opened: (images: OwnImages) => void, refused: (message: string) => void): void {
  const open = (files: readonly PickedFile[]): void => {
    readFiles(files).then(opened, (error: Error) => refused(error.message));
  };
  for (const [button, picker] of [
    ['open-folder', 'folder'],
    ['open-files', 'files'],
  ] as const) {
    const input = byId<HTMLInputElement>(picker);
    byId(button).addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      open([...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
      input.value = '';
    });
  }
  listenToDrops((data) => {
    dropped(data).then(open, (error: Error) => refused(error.message));
  });
}

async function readFiles(files: readonly PickedFile[]): Promise<OwnImages> {
  if (files.some(({ path }) => isPicture(path))) return readPictures(files);
  const named = (ending: RegExp): PickedFile[] => files.filter(({ path }) => ending.test(path));
  const tables = [named(/\.(csv|tsv)$/i), named(/\.txt$/i)].find(({ length }) => length > 0) ?? [];
  if (tables.length > 1) throw new Error(`One CSV file is read at a time, found ${tables.length}.`);
  const [table] = tables;
  return table === undefined ? readPictures(files) : readCsv(await table.file.text());
}

/**
 * The files of a drop, also those in folders. The entries must be read before the first wait. A picture that is dragged from another page
 * may have no entry.
 */
async function dropped(data: DataTransfer): Promise<PickedFile[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: PickedFile[] = [];
  for (const entry of entries)
    if (entry instanceof File) found.push({ file: entry, path: entry.name });
    else if (entry !== null) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: PickedFile[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A call returns at most 100 entries.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    for (const inside of batch) await collect(inside, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
