/** The README.md of a model's folder: what the model is, what was measured, how it was trained, and how it is loaded. */
import { sizeOf } from '../data/image-shape.js';
import { isLatentModel } from '../estimators/latent-model.js';
import { lossTextOf, modelEntry } from './build-model.js';
import type { Measurement } from './measure.js';
import { counted } from './progress.js';
import type { Pretrained } from './read-model.js';
import { RUN_OPTIONS } from './run-config.js';
import { effective } from './schema/complete.js';

/** What a card says besides the facts of the model. */
export interface CardFacts {
  /** The heading. */
  readonly title: string;
  /** The argument of `fromPretrained` in the example. */
  readonly name: string;
  /** The type of the weights in the file. */
  readonly dtype: string;
  /** Default: the card has no license. */
  readonly license?: string | undefined;
  /** Losses of this model on test images, by `measureRun`. */
  readonly measured?: Measurement | undefined;
}

/** The card as Markdown, with the fields at the top that model hubs read. */
export function modelCard(trained: Pretrained, facts: CardFacts): string {
  const { model, config, imageShape, classes } = trained;
  const { title, measured, license, dtype } = facts;
  const sections = [
    `---\nlibrary_name: varigrad\n${license === undefined ? '' : `license: ${yaml(license)}\n`}tags:\n- ${config.model}\n- image-generation\n${config.data === 'mnist' ? 'datasets:\n- mnist\n' : ''}---`,
    `# ${title}`,
    `${kindOf(trained)}, for images of ${imageShape.join(' × ')} pixels${classes > 0 ? ` in ${classes} classes` : ''}. The weights are ${dtype}.`,
    fenced('text', String(model)),
    '## Measured',
    measured === undefined ? 'Not measured.' : measurementTable(measured),
    '## Trained',
    `By the command line of varigrad, with these options and the seed ${config.seed}. \`varigrad train --config config.json\` starts the same training.`,
    optionTable(trained),
    '## Load it in TypeScript',
    fenced('ts', typescriptOf(trained, facts.name)),
    '## Load it in PyTorch',
    'In the folder of the model:',
    fenced('python', pythonOf(trained)),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** What the help of the command line calls the model, as the start of a sentence. */
function kindOf({ config }: Pretrained): string {
  const [name = ''] = modelEntry(config).help.split(';');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A text as a value of YAML. */
const yaml = (text: string): string => (/^[a-z][\w.-]*$/i.test(text) ? text : JSON.stringify(text));

/** A text as a constant of TypeScript. */
const quoted = (text: string): string =>
  text.includes("'") ? JSON.stringify(text) : JSON.stringify(text).replace(/^"|"$/g, "'");

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), '|---|---|', ...rows.map(line)].join('\n');
}

/** The targets and the seed stand with the numbers: losses with other targets are other quantities. */
function measurementTable(measured: Measurement): string {
  const { images, targets, negativeElbo, loss, recon, kl, latent, accuracy, nll } = measured;
  const rows: (readonly [string, string])[] = [
    ...(negativeElbo === undefined
      ? []
      : ([
          ['−ELBO', negativeElbo.toFixed(2)],
          ['reconstruction', recon.toFixed(2)],
          ['KL', kl.toFixed(2)],
        ] as const)),
    ...(negativeElbo !== undefined && lossTextOf(measured)(measured).includes('loss') === false
      ? []
      : ([['loss', loss.toFixed(2)]] as const)),
    ...(nll === undefined
      ? []
      : ([[`−log ${nll.of}, ${nll.samples} importance samples`, nll.nll.toFixed(2)]] as const)),
    ...(latent === undefined
      ? []
      : ([['active dimensions of z', `${latent.active} of ${latent.dimensions}`]] as const)),
    ...(accuracy === undefined
      ? []
      : ([['images assigned to their class', `${(100 * accuracy).toFixed(2)} %`]] as const)),
  ];
  const what = `On ${counted(images, 'test image')}; binarization of the targets: ${targets}. Losses are in nats per image: sum over pixels and dimensions of z, mean over images. The seed of the noise is 0.`;
  return `${what}\n\n${table(['quantity', 'value'], rows)}`;
}

function optionTable({ config }: Pretrained): string {
  const own = Object.entries(effective(RUN_OPTIONS, config));
  return table(
    ['option', 'value'],
    own.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function typescriptOf({ classes, model, imageShape }: Pretrained, name: string): string {
  const conditional = model.classes > 0;
  const count = conditional ? classes : 10;
  return [
    ...(conditional ? [`import { oneHot } from '@varigrad/core';`] : []),
    `import { fromPretrained } from '@varigrad/vae/node';`,
    '',
    `const { model } = await fromPretrained(${quoted(name)});`,
    ...(conditional
      ? [`const labels = oneHot([...Array(${count}).keys()], ${count}); // one of each class`]
      : []),
    conditional
      ? `const z = model.samplePrior(${count}, { labels });`
      : `const z = model.samplePrior(${count}); // codes of new images`,
    `const images = model.likelihood.mean(model.decode(z${conditional ? ', labels' : ''}));`,
    `console.log(images.shape); // [ ${count}, ${sizeOf(imageShape)} ]`,
  ].join('\n');
}

/** The function of PyTorch that turns the decoder's outputs into mean images; '' if there is no single one. */
function linkOf({ config }: Pretrained): string | undefined {
  const { likelihood, meanLink } = config;
  if (likelihood === 'bernoulli') return 'torch.sigmoid';
  if (!['gaussian', 'gaussian-fixed', 'laplace'].includes(likelihood)) return undefined;
  return meanLink === 'sigmoid' ? 'torch.sigmoid' : '';
}

/** Loads the weights; of a model with fully connected layers and a continuous z, also its encoder and its decoder. */
function pythonOf(trained: Pretrained): string {
  const { model, config, imageShape } = trained;
  const load = [
    'import torch',
    'from safetensors.torch import load_file',
    '',
    'w = {name: values.float() for name, values in load_file("model.safetensors").items()}',
  ];
  if (config.network !== 'dense' || !isLatentModel(model))
    return [...load, 'for name, values in w.items():', '    print(name, tuple(values.shape))'].join('\n');
  const { activation, hidden } = config;
  const { latent, classes, inputSize } = model;
  const link = linkOf(trained);
  const through = (part: string, argument: string): string[] => [
    `    h = ${argument}`,
    `    for i in range(${hidden.length}):`,
    `        h = torch.${activation}(layer(f"${part}.hidden.layers.{i}", h))`,
  ];
  const labelled = (value: string): string => (classes > 0 ? `torch.cat([${value}, y], dim=1)` : value);
  const y = classes > 0 ? ', y' : '';
  const outputs = 'layer("decoder.out", h)';
  return [
    ...load,
    '',
    'def layer(name, x):',
    '    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]',
    '',
    `def encode(x${y}):  # [n, ${inputSize}]${classes > 0 ? `, one-hot [n, ${classes}]` : ''}: the mean and the log-variance of z`,
    ...through('encoder', labelled('x')),
    '    return layer("encoder.mu", h), layer("encoder.logVar", h)',
    '',
    `def decode(z${y}):  # [n, ${latent}]: ${link === undefined ? 'the parameters of p(x|z)' : 'mean images'}`,
    ...through('decoder', labelled('z')),
    `    return ${link ? `${link}(${outputs})` : outputs}`,
    '',
    `z = torch.randn(10, ${latent})${config.prior === 'standard' ? '' : `  # the prior of the model is another one: ${config.prior}`}`,
    ...(classes > 0 ? [`y = torch.eye(${classes})[torch.arange(10) % ${classes}]`] : []),
    `images = decode(z${y})${link === undefined ? '' : `.reshape(-1, ${imageShape.join(', ')})`}`,
    'print(tuple(images.shape))',
  ].join('\n');
}
