import {
  classStyleFigure,
  type Dataset,
  type EpochResult,
  type LatentModel,
  lossChart,
  manifoldFigure,
  reconstructionFigure,
  samplesFigure,
} from '@varigrad/vae';
import { writeFileAtomic, writePng } from '@varigrad/vae/node';
import type { RunFolder } from './run-folder.js';

/** Writes one sheet of each kind that suits the model, named by the epoch. */
export async function writePictures(
  folder: RunFolder,
  model: LatentModel,
  test: Dataset,
  epoch: number,
): Promise<void> {
  const { imageShape } = test;
  const sheets = {
    reconstructions: await reconstructionFigure(model, test, {
      title: `Reconstructions after epoch ${epoch}`,
    }),
    samples: await samplesFigure(model, imageShape, {
      title: `Samples after epoch ${epoch}: decoded z ~ N(0, I)`,
    }),
    ...(model.latent === 2 && {
      manifold: await manifoldFigure(model, imageShape, { title: `The latent plane after epoch ${epoch}` }),
    }),
    ...(model.classes > 0 && {
      styles: await classStyleFigure(model, imageShape, {
        title: `One style per row, one class per column, epoch ${epoch}`,
      }),
    }),
  };
  for (const [name, sheet] of Object.entries(sheets)) {
    await writePng(folder.file(`${name}-${String(epoch).padStart(3, '0')}.png`), sheet);
  }
}

/** Writes the loss curves of all epochs so far. */
export async function writeCurves(
  folder: RunFolder,
  results: readonly EpochResult[],
  targets: string,
): Promise<void> {
  const chart = lossChart(results, { title: `−ELBO and its parts (targets: ${targets})` });
  await writeFileAtomic(folder.file('curves.svg'), chart);
}
