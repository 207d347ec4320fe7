/** What a run reports after its last epoch. */
import { describeCollapse, findCollapse } from '../diagnostics/collapse.js';
import { latentStatistics } from '../diagnostics/latent-statistics.js';
import { isLatentModel } from '../estimators/latent-model.js';
import { evaluate } from '../evaluate.js';
import type { GenerativeModel } from '../models/model.js';
import type { EpochResult } from '../train.js';
import { collapseAdvice } from './advice.js';
import { lossTextOf } from './build-model.js';
import type { RunData } from './data.js';
import { bestEpoch, isPatienceOver } from './early-stopping.js';
import { counted, type Output, wrapped } from './progress.js';
import type { RunConfig } from './run-config.js';
import type { RunFolder } from './run-folder.js';
import { loadWeights, readWeightsFile } from './weights-file.js';

/** A run, and where its reports go. */
interface Place {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly compile: boolean;
  readonly out: Output;
}

/** What the run has made. */
interface Trained {
  readonly model: GenerativeModel;
  readonly data: RunData;
  readonly results: readonly EpochResult[];
}

/** Reports collapsed dimensions of z, if there are any. */
export async function tellCollapse(
  { config, compile, out }: Place,
  { model, data }: Pick<Trained, 'model' | 'data'>,
): Promise<void> {
  if (!isLatentModel(model)) return;
  const { binarization } = config;
  const statistics = await latentStatistics(model, data.validation ?? data.test, { binarization, compile });
  if (findCollapse(statistics).dimensions.length === 0) return;
  out.write(`\n${wrapped(describeCollapse(statistics, collapseAdvice(config)), out)}\n`);
}

/** Reports an early end, the best epoch, and its losses on the test images. */
export async function tellBest(
  { folder, config, compile, out }: Place,
  { model, data, results }: Trained,
): Promise<void> {
  const best = bestEpoch(results) as EpochResult;
  if (isPatienceOver(results, config.patience))
    out.write(`\nEnded early: no better validation loss in ${counted(config.patience, 'epoch')}.\n`);
  const saved = await readWeightsFile(folder.weightsFile('best'));
  loadWeights(model, saved);
  const losses = await evaluate(model, data.test, { binarization: config.binarization, compile });
  out.write(`\nBest epoch on the validation images: ${best.epoch}, saved in best.safetensors.\n`);
  out.write(`Losses on ${counted(data.test.count, 'test image')}: ${lossTextOf(config)(losses)}\n`);
}
