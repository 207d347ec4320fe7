/** An animation of the codes of a 2-D latent space over the epochs of a run. */
import { readFile } from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { type Dataset, firstOf } from '../data/dataset.js';
import { codesOf, type ScatterPanel, scatterAnimation } from '../figures/scatter.js';
import type { GenerativeModel } from '../models/model.js';
import type { RunFolder } from './run-folder.js';

const IMAGES = 500;
const FILE = 'codes.safetensors';
/** Most epochs that an animation shows. */
const FRAMES = 60;

/** Adds the codes of the first test images after an epoch to the folder's file. Codes of this and later epochs, which an interrupted run may have left, are dropped. */
export async function noteCodes(
  folder: RunFolder,
  model: GenerativeModel,
  test: Dataset,
  epoch: number,
): Promise<void> {
  const shown = firstOf(test, IMAGES);
  const codes = { shape: [shown.count, 2], data: await codesOf(model, shown) };
  const before = Object.entries(await readCodes(folder)).filter(([name]) => Number(name) < epoch);
  const all = Object.fromEntries([...before, [nameOf(epoch), codes]]);
  await folder.write(FILE, encodeSafetensors(all));
}

/** Writes the animation: every epoch, or every n-th epoch of a long run and the last one. */
export async function writeScatterAnimation(folder: RunFolder, test: Dataset): Promise<void> {
  const all = Object.entries(await readCodes(folder)).sort(([a], [b]) => Number(a) - Number(b));
  const every = Math.ceil(all.length / FRAMES);
  const kept = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  const labels = firstOf(test, IMAGES).labels;
  const panels = kept.map(
    ([name, { data }]): ScatterPanel => ({
      title: `after epoch ${Number(name)}`,
      points: data,
      labels,
    }),
  );
  if (panels.length === 0) return;
  const animation = scatterAnimation(panels, { title: 'Codes of test images' });
  await folder.write('scatter-animation.svg', animation);
}

const nameOf = (epoch: number): string => String(epoch).padStart(6, '0');

/** The codes of earlier epochs. A missing or damaged file counts as empty: the animation then starts at a later epoch. */
async function readCodes(folder: RunFolder): Promise<ReturnType<typeof decodeSafetensors>['tensors']> {
  try {
    return decodeSafetensors(await readFile(folder.file(FILE))).tensors;
  } catch {
    return {};
  }
}
