import type { Module } from '@varigrad/nn';
import type { EpochResult } from '../train.js';
import type { SummaryWriter } from './summary-writer.js';

/**
 * Adds an epoch to event files: the losses of both sets, the time per step, and a histogram of each parameter; and writes them.
 * The step is the number of the epoch.
 * @param heldOut - the set of `result.test`
 * @example await fit(model, data, { optimizer, epochs, onEpoch: (result) => logEpoch(writer, result, model) })
 */
export async function logEpoch(
  writer: SummaryWriter,
  { epoch, train, test, msPerStep }: EpochResult,
  model: Module,
  heldOut: 'test' | 'validation' = 'test',
): Promise<void> {
  for (const part of ['loss', 'recon', 'kl'] as const) {
    writer.addScalar(`${part}/train`, train[part], epoch);
    writer.addScalar(`${part}/${heldOut}`, test[part], epoch);
  }
  writer.addScalar('time/msPerStep', msPerStep, epoch);
  const parameters = Array.from(
    model.namedParameters(),
    async ([name, t]) => [name, await t.data()] as const,
  );
  for (const [name, values] of await Promise.all(parameters))
    if (values.length > 0) writer.addHistogram(`parameters/${name}`, values, epoch);
  await writer.flush();
}
