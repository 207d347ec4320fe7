/** How the codes of a 2-D latent space move over the epochs of a run. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { type Dataset, firstOf } from '../data/dataset.js';
import { writeApng } from '../figures/apng.js';
import { codesOf, type ScatterPanel, scatterFrames } from '../figures/scatter.js';
import { writeFileAtomic } from '../files/atomic.js';
import type { GenerativeModel } from '../models/model.js';
import type { RunFolder } from './run-folder.js';

const IMAGES = 500;
const FILE = 'codes.safetensors';
/** Frames that an animation has at most. */
const FRAMES = 60;

/** Adds the codes of the first test images after an epoch to the folder's; those of later epochs, of a run that died, are dropped. */
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
  await writeFileAtomic(folder.file(FILE), encodeSafetensors(all));
}

/** Writes the animation, one frame an epoch, or every so many epochs of a long run. */
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
  const frames = scatterFrames(panels, { title: 'Codes of test images' });
  // The last frame stays for a while before it begins anew.
  const last = frames.at(-1) as (typeof frames)[number];
  await writeApng(folder.file('scatter-animation.png'), [...frames, last, last, last]);
}

const nameOf = (epoch: number): string => String(epoch).padStart(6, '0');

async function readCodes(folder: RunFolder): Promise<ReturnType<typeof decodeSafetensors>['tensors']> {
  const path = folder.file(FILE);
  return existsSync(path) ? decodeSafetensors(await readFile(path), path).tensors : {};
}
