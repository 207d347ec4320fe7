/** The options that define a model, as a type. */
import type { ValuesOf } from '../schema/option.js';
import type { Context } from './context.js';
import type { CORRUPTION_OPTIONS, CORRUPTIONS } from './corruptions.js';
import type { LIKELIHOOD_OPTIONS, LIKELIHOODS } from './likelihoods.js';
import type { NetworkConfig } from './network.js';
import type { OPTIONS_OF_MODELS } from './of-models.js';
import type { POSTERIOR_OPTIONS, POSTERIORS } from './posteriors.js';
import type { PRIOR_OPTIONS, PRIORS } from './priors.js';

/** All options of a model except its name. */
export interface ModelConfig
  extends NetworkConfig,
    ValuesOf<typeof LIKELIHOOD_OPTIONS>,
    ValuesOf<typeof LIKELIHOODS>,
    ValuesOf<typeof POSTERIOR_OPTIONS>,
    ValuesOf<typeof POSTERIORS>,
    ValuesOf<typeof PRIOR_OPTIONS>,
    ValuesOf<typeof PRIORS>,
    ValuesOf<typeof CORRUPTION_OPTIONS>,
    ValuesOf<typeof CORRUPTIONS>,
    ValuesOf<typeof OPTIONS_OF_MODELS> {}

/** The arguments for building a model. */
export interface ModelContext extends Context<ModelConfig> {}
