/** The figures that a run draws after each epoch. */
import { FIGURES, type FigureSource, lossCurves, writeDrawing } from './figures.js';
import type { RunFolder } from './run-folder.js';

/** Writes each figure that is possible for the model, named by the epoch, and the loss curves so far. */
export async function writePictures(folder: RunFolder, source: FigureSource, epoch: number): Promise<void> {
  for (const [name, { eachEpoch, obstacle, draw }] of Object.entries(FIGURES)) {
    if (eachEpoch === undefined || obstacle?.(source) !== undefined) continue;
    const path = folder.file(`${name}-${String(epoch).padStart(3, '0')}`);
    await writeDrawing(path, await draw(source, eachEpoch(epoch, source)));
  }
  await writeDrawing(folder.file('curves'), lossCurves(source));
}
