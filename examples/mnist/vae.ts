/**
 * A variational autoencoder of handwritten digits on one page, from the data to a picture of new digits.
 *
 *   npm run vae                   3 epochs, about half a minute
 *   npm run vae -- --epochs 20    better digits
 *
 * `trainStep` of @varigrad/vae is such a step for every model of that package, and `fit` is the whole loop.
 *
 * @see Kingma & Welling 2014, "Auto-Encoding Variational Bayes", arXiv:1312.6114
 */
import { parseArgs } from 'node:util';
import {
  compile,
  defaultGenerator,
  init,
  manualSeed,
  noGrad,
  randn,
  type Tensor,
  tensor,
} from '@varigrad/core';
import { Adam, bceWithLogits, klStandardNormal, Linear } from '@varigrad/nn';
import { type Batch, batches, binarizeDataset, type Dataset, firstOf } from '@varigrad/vae';
import { mnist, writeFileAtomic } from '@varigrad/vae/node';
import { PNG } from 'pngjs';

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '3' },
    images: { type: 'string', default: '60000' }, // the first N training images
    out: { type: 'string', default: 'runs/vae/samples.png' },
  },
});
const epochs = Number(values.epochs);
if (!(Number.isInteger(epochs) && epochs > 0))
  throw new Error(`--epochs ${values.epochs}: expected a whole number`);

const { name: backend } = await init();
manualSeed(1);
const generator = defaultGenerator();

// Data. A Bernoulli likelihood is for pixels that are 0 or 1, so each grey value is the probability of a 1.
const digits = await mnist();
const train = firstOf(digits.train, Number(values.images));
const test = binarizeDataset(digits.test, 'dynamic', generator);

// Model. The encoder computes q(z|x) = N(mu, diag σ²), the decoder p(x|z) = Bernoulli(sigmoid(logits)).
const pixels = 28 * 28;
const hidden = 400;
const latent = 20;
const encoder = new Linear(pixels, hidden, { activation: 'relu' });
const muLayer = new Linear(hidden, latent);
const logVarLayer = new Linear(hidden, latent);
const decoder = new Linear(latent, hidden, { activation: 'relu' });
const logitsLayer = new Linear(hidden, pixels);
const layers = [encoder, muLayer, logVarLayer, decoder, logitsLayer];

function encode(x: Tensor): { mu: Tensor; logVar: Tensor } {
  const h = encoder.forward(x); // [batch, pixels] → [batch, hidden]
  return { mu: muLayer.forward(h), logVar: logVarLayer.forward(h) }; // [batch, latent] each
}

function decode(z: Tensor): Tensor {
  return logitsLayer.forward(decoder.forward(z)); // [batch, latent] → [batch, pixels]
}

/** z = mu + σ·ε with ε ~ N(0, I): a sample of q(z|x) through which gradients reach mu and logVar. */
function reparameterize(mu: Tensor, logVar: Tensor): Tensor {
  const sigma = logVar.mul(0.5).exp();
  return mu.add(sigma.mul(randn(mu.shape)));
}

/** −ELBO = E[−log p(x|z)] + KL(q(z|x) ‖ N(0, I)) in nats per image: sums over pixels and latent dimensions, means over the batch. */
function negativeElbo(x: Tensor): { loss: Tensor; recon: Tensor; kl: Tensor } {
  const { mu, logVar } = encode(x);
  const logits = decode(reparameterize(mu, logVar));
  const recon = bceWithLogits(logits, x, { reduction: 'none' }).sum({ axis: 1 }).mean();
  const kl = klStandardNormal(mu, logVar);
  return { loss: recon.add(kl), recon, kl };
}

const optimizer = new Adam(
  layers.flatMap((layer) => [...layer.parameters()]),
  { learningRate: 1e-3 },
);

/** One step of training. Its kernels are recorded in the first two calls and replayed in later ones. */
const step = compile((x: Tensor): Tensor => {
  const { loss } = negativeElbo(x);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});

/** One pass over the training images in random order. Returns the mean loss. */
async function trainEpoch(): Promise<number> {
  const data = binarizeDataset(train, 'dynamic', generator);
  let sum = 0;
  for (const batch of batches(data, { batchSize: 128, order: generator.permutation(data.count) })) {
    const loss = step(toTensor(batch));
    sum += (await loss.item()) * batch.size;
  }
  return sum / data.count;
}

/** Mean losses of a data set, without gradients. */
async function evaluate(data: Dataset): Promise<{ recon: number; kl: number }> {
  const sums = { recon: 0, kl: 0 };
  for (const batch of batches(data, { batchSize: 500 })) {
    const { recon, kl } = noGrad(() => negativeElbo(toTensor(batch)));
    sums.recon += (await recon.item()) * batch.size;
    sums.kl += (await kl.item()) * batch.size;
  }
  return { recon: sums.recon / data.count, kl: sums.kl / data.count };
}

function toTensor({ images, size }: Batch): Tensor {
  return tensor(images, { shape: [size, pixels] });
}

console.log(`VAE ${pixels}-${hidden}-${latent} on ${train.count} digits, backend ${backend}`);
console.log('Losses in nats per image; binarization dynamic.');
for (let epoch = 1; epoch <= epochs; epoch++) {
  const loss = await trainEpoch();
  const { recon, kl } = await evaluate(test);
  console.log(
    `epoch ${epoch}/${epochs}  train ${loss.toFixed(2)}  ` +
      `test −ELBO ${(recon + kl).toFixed(2)} = recon ${recon.toFixed(2)} + KL ${kl.toFixed(2)}`,
  );
}

// Picture. z from the prior N(0, I), decoded to the probability of a 1 in each pixel: new digits, 8 rows of 16.
const z = randn([8 * 16, latent]);
const sheet = noGrad(() => decode(z).sigmoid().mul(255).reshape([8, 16, 28, 28]).permute([0, 2, 1, 3]));
const png = new PNG({ width: 16 * 28, height: 8 * 28 });
png.data = Buffer.from(await sheet.data());
await writeFileAtomic(
  values.out,
  PNG.sync.write(png, { inputColorType: 0, colorType: 0, inputHasAlpha: false }),
);
console.log(`New digits: ${values.out}`);
