/** Names of models of PyTorch projects, for `loadStateDict(state, { rename })`. `inverseNames` turns them round. */
import type { Names } from '@varigrad/nn';

/**
 * The VAE of pytorch/examples (`fc1`, `fc21`, `fc22`, `fc3`, `fc4`) → `new VAE()`, whose defaults are its sizes.
 * @see https://github.com/pytorch/examples/blob/main/vae/main.py
 */
export const PYTORCH_EXAMPLES_NAMES: Names = {
  fc1: 'encoder.hidden.layers.0',
  fc21: 'encoder.mu',
  fc22: 'encoder.logVar',
  fc3: 'decoder.hidden.layers.0',
  fc4: 'decoder.out',
};

/**
 * The MLP VAE of pythae → `new VAE({ hidden: [512], latent })`.
 * @see https://github.com/clementchadebec/benchmark_VAE, `Encoder_VAE_MLP` and `Decoder_AE_MLP`
 */
export const PYTHAE_NAMES: Names = {
  'encoder.layers.*.0': 'encoder.hidden.layers.*',
  'encoder.embedding': 'encoder.mu',
  'encoder.log_var': 'encoder.logVar',
  'decoder.layers.0.0': 'decoder.hidden.layers.0',
  'decoder.layers.1.0': 'decoder.out',
};

/**
 * `VanillaVAE` of PyTorch-VAE → a VAE whose encoder is a `GaussianEncoder` with the convolutions as `layers` of its body, and whose decoder
 * is a `Sequential` of a linear layer, an `Unflatten`, the transposed convolutions and the final layer.
 * @see https://github.com/AntixK/PyTorch-VAE/blob/master/models/vanilla_vae.py
 */
export const PYTORCH_VAE_NAMES: Names = {
  encoder: 'encoder.hidden.layers',
  fc_mu: 'encoder.mu',
  fc_var: 'encoder.logVar',
  decoder_input: 'decoder.0',
  decoder: 'decoder.2',
  final_layer: 'decoder.3',
};
