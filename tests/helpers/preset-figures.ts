/** The numbers of a preset after its steps, for all five seeds, and whether they lie in the ranges that the page shows. */
import { generateShapes } from '../../examples/playground/src/data/shapes.js';
import { frameOf } from '../../examples/playground/src/engine/frame.js';
import type { Settings } from '../../examples/playground/src/engine/settings.js';
import { type Images, Trainer } from '../../examples/playground/src/engine/trainer.js';
import { NOTHING } from '../../examples/playground/src/engine/view.js';
import {
  EXPECTED_STEPS,
  type Expected,
  modelsOf,
  type Preset,
} from '../../examples/playground/src/presets.js';

const SEEDS = [0, 1, 2, 3, 4];

type Figures = Readonly<Record<Expected['what'], number>>;

async function figuresOf(settings: Settings, images: Images): Promise<Figures> {
  const pixels = settings.reduction === 'mean' ? 784 : 1;
  let [recon, kl] = [Number.NaN, Number.NaN];
  const trainer = new Trainer(settings, images, {
    epoch: ({ test }) => {
      [recon, kl] = [test.recon * pixels, test.kl];
    },
  });
  await trainer.run(EXPECTED_STEPS);
  const { active } = await frameOf(trainer.model, trainer.images.test, NOTHING, [0, 1]);
  const failure = trainer.failure?.step ?? Number.NaN;
  return { bound: recon + kl, recon, kl, active: active.length, failure };
}

/** What is wrong with the ranges of a preset: a seed outside, or a range more than three times as wide as the seeds need. */
export async function faultsOf(preset: Preset, digits: Images): Promise<string[]> {
  const { train, test } = generateShapes();
  const [first, second] = modelsOf(preset);
  const images = first.data === 'shapes' ? { train: train.data, test: test.data } : digits;
  const parts = [
    { settings: first, expected: preset.expected },
    ...(second === null ? [] : [{ settings: second, expected: preset.expectedSecond ?? [] }]),
  ];
  const faults: string[] = [];
  for (const { settings, expected } of parts) {
    const found: Figures[] = [];
    for (const seed of SEEDS) found.push(await figuresOf({ ...settings, seed }, images));
    for (const { what, from, to } of expected) {
      const values = found.map((figures) => figures[what]);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const isInside = least >= from && most <= to;
      const room = 3 * (most - least) + 0.02 * Math.abs(most);
      if (!isInside || to - from > Math.max(0.01, room))
        faults.push(
          `${preset.id}, ${settings.model}: ${what} is ${least} to ${most}, expected ${from} to ${to}`,
        );
    }
  }
  return faults;
}
