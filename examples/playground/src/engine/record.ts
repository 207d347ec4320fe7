/** The last step of a training as a graph, for the explorer. */
import { type Graph, recordGraph } from '@varigrad/core/trace';
import type { Trainer } from './trainer.js';

/**
 * Records the loss and its gradients in the last step, or in the step that failed. The step is repeated by `fit` itself, so batch,
 * noise and weights are those of the training. @returns null before the first step
 */
export async function recordLastStep(trainer: Trainer): Promise<Graph | null> {
  const twin = await trainer.beforeLastStep();
  if (twin === null) return null;
  const { model, optimizer } = twin;
  const elbo = model.elbo.bind(model);
  let graph: Graph | null = null;
  model.elbo = (x, options) => {
    if (graph !== null) return elbo(x, options);
    const generators = options?.generator === undefined ? [] : [options.generator];
    const before = generators.map(({ state }) => state);
    optimizer.zeroGrad();
    graph = recordGraph(
      () => {
        const eps = model.noise(x.shape[0]!, options?.generator)?.named('eps');
        const { loss, recon, kl } = elbo(x.named('pixels'), { ...options, eps });
        recon.named('recon');
        kl.named('kl');
        return loss.named('loss');
      },
      { names: model.namedParameters(), modules: model.namedModules() },
    );
    generators.forEach((generator, i) => {
      generator.state = before[i]!;
    });
    return elbo(x, options);
  };
  await twin.run(1);
  return graph;
}
