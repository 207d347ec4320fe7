/** Figures, charts, files and samples: one sentence for wrong arguments and options, as in callers.test.ts. */
import * as core from '@varigrad/core';
import * as vae from '@varigrad/vae';
import * as node from '@varigrad/vae/node';
import { test } from 'uvu';
import { refusedCalls } from '../helpers/refused-calls.js';

const images: vae.Dataset = {
  images: new Float32Array(8),
  labels: new Uint8Array(2),
  count: 2,
  imageShape: [2, 2],
  classes: 2,
};

const refused = refusedCalls({
  ...core,
  ...vae,
  ...node,
  images,
  data: { train: images, test: images },
  model: new vae.VAE({ inputSize: 4, latent: 2, hidden: [3] }),
  conditional: new vae.ConditionalVAE({ inputSize: 4, latent: 2, hidden: [3], classes: 2 }),
  sheet: vae.gridSheet(images.images, { columns: 2, imageShape: [2, 2] }),
  shape: [2, 2],
  x: core.zeros([2, 4]),
});

/** Parts of messages. */
const MODEL = 'a model, such as new VAE()';
const DATASET = 'a data set { images, labels, count, imageShape, classes }';
const IMAGES = '{ images: Float32Array(8), labels: Uint8Array(2), count: 2, imageShape: [2, 2], classes: 2 }';
const SHEET =
  "{ pixels: an instance of Raster, scale: 28, title: '', caption: '', columnLabels: [], rowLabels: [] }";

refused('sheets of a model', [
  ['samplesFigure()', `samplesFigure: the model must be ${MODEL}, found undefined`],
  [
    'samplesFigure(model, 28)',
    'samplesFigure: imageShape must be [height, width] or [channels, height, width], found 28 — write [28, 28]',
  ],
  [
    'samplesFigure(model, images)',
    `samplesFigure: imageShape must be [height, width] or [channels, height, width], found ${IMAGES} — write data.imageShape`,
  ],
  [
    'samplesFigure(model, shape, 5)',
    'samplesFigure: options must be an object, found 5 — write samplesFigure(model, imageShape, { columns: 5 })',
  ],
  [
    'samplesFigure(model, shape, { colums: 5 })',
    "samplesFigure: unknown option 'colums' — did you mean 'columns'? (options: columns, rows, label, title, seed)",
  ],
  [
    "samplesFigure(model, shape, { columns: '5' })",
    "samplesFigure: columns must be a whole number above 0, found '5'",
  ],
  ['samplesFigure(model, shape, { rows: 0 })', 'samplesFigure: rows must be a whole number above 0, found 0'],
  [
    "samplesFigure(conditional, shape, { label: 'a' })",
    "samplesFigure: label must be a whole number of at least 0, found 'a'",
  ],
  [
    "samplesFigure(model, shape, { seed: 'a' })",
    "Generator: the seed must be a whole number from 0 to 2⁶⁴ − 1, found 'a'",
  ],
  ['samplesFigure(model, shape, { title: 5 })', 'gridSheet: title must be a string, found 5'],
  ['classStyleFigure(images, model)', `classStyleFigure: the model must be ${MODEL}, found ${IMAGES}`],
  [
    'classStyleFigure(conditional, shape, { style: 5 })',
    "classStyleFigure: unknown option 'style' — did you mean 'styles'? (options: styles, from, title, seed)",
  ],
  [
    'classStyleFigure(conditional, shape, { styles: 1.5 })',
    'classStyleFigure: styles must be a whole number above 0, found 1.5',
  ],
  [
    'classStyleFigure(conditional, shape, { from: data })',
    `classStyleFigure: from must be ${DATASET}, found { train, … } — write from.train or from.test`,
  ],
  ['reconstructionFigure(model)', `reconstructionFigure: data must be ${DATASET}, found undefined`],
  [
    'reconstructionFigure(model, data)',
    `reconstructionFigure: data must be ${DATASET}, found { train, … } — write data.train or data.test`,
  ],
  [
    'reconstructionFigure(model, images, 5)',
    'reconstructionFigure: options must be an object, found 5 — write reconstructionFigure(model, data, { columns: 5 })',
  ],
  [
    'reconstructionFigure(model, images, { seed: 1 })',
    "reconstructionFigure: unknown option 'seed' (options: columns, rows, title)",
  ],
  [
    'reconstructionFigure(model, images, { rows: -1 })',
    'reconstructionFigure: rows must be a whole number above 0, found -1',
  ],
  [
    'sampledReconstructionFigure(VAE, images)',
    `sampledReconstructionFigure: the model must be ${MODEL}, found a function`,
  ],
  [
    'sampledReconstructionFigure(model, images, { sed: 1 })',
    "sampledReconstructionFigure: unknown option 'sed' — did you mean 'seed'? (options: columns, rows, title, seed)",
  ],
  [
    'denoisingFigure(model, images)',
    'denoisingFigure: options must be an object, found undefined — write denoisingFigure(model, data, { corruption: … })',
  ],
  [
    'denoisingFigure(model, images, {})',
    'denoisingFigure: corruption must be a corruption, such as masking(0.5), found undefined',
  ],
  [
    'denoisingFigure(model, images, { corruption: 0.5 })',
    'denoisingFigure: corruption must be a corruption, such as masking(0.5), found 0.5',
  ],
  [
    'denoisingFigure(model, images, { noise: masking(0.5) })',
    "denoisingFigure: unknown option 'noise' (options: corruption, columns, rows, title, seed)",
  ],
]);

refused('figures of the latent space', [
  ['interpolationFigure(model, x)', `interpolationFigure: data must be ${DATASET}, found a tensor [2, 4]`],
  [
    "interpolationFigure(model, images, { pairs: '8' })",
    "interpolationFigure: pairs must be a whole number above 0, found '8'",
  ],
  [
    "interpolationFigure(model, images, { path: 'sphere' })",
    "interpolationFigure: path must be one of 'linear', 'spherical', found 'sphere'",
  ],
  [
    'interpolationFigure(model, images, { step: 5 })',
    "interpolationFigure: unknown option 'step' — did you mean 'steps'? (options: pairs, steps, path, title)",
  ],
  [
    'traversalFigure(model)',
    'traversalFigure: imageShape must be [height, width] or [channels, height, width], found undefined',
  ],
  [
    'traversalFigure(model, shape, 11)',
    'traversalFigure: options must be an object, found 11 — write traversalFigure(model, imageShape, { dimensions: 11 })',
  ],
  [
    'traversalFigure(model, shape, { dims: [0] })',
    "traversalFigure: unknown option 'dims' (options: dimensions, steps, around, label, title, caption)",
  ],
  [
    'traversalFigure(model, shape, { dimensions: 1 })',
    'traversalFigure: dimensions must be an array, found 1 — write traversalFigure(model, imageShape, { dimensions: [1, …] })',
  ],
  [
    "traversalFigure(model, shape, { dimensions: ['0'] })",
    "traversalFigure: dimension '0' does not exist — z has dimensions 0 to 1",
  ],
  [
    'traversalFigure(model, shape, { steps: 0 })',
    'traversalFigure: steps must be a whole number above 0, found 0',
  ],
  [
    'traversalFigure(model, shape, { around: 0 })',
    'traversalFigure: around must be an array of numbers, found 0',
  ],
  [
    'traversalFigure(model, shape, { around: [0] })',
    'traversalFigure: around must have one value for each of the 2 dimensions of z, found 1',
  ],
  ['traversalFigure(model, shape, { caption: 1 })', 'gridSheet: caption must be a string, found 1'],
  [
    'manifoldFigure(model, [28])',
    'manifoldFigure: imageShape must be [height, width] or [channels, height, width], found [28]',
  ],
  [
    'manifoldFigure(model, shape, { sizes: 4 })',
    "manifoldFigure: unknown option 'sizes' — did you mean 'size'? (options: size, spacing, title, label)",
  ],
  [
    "manifoldFigure(model, shape, { spacing: 'quantiles' })",
    "manifoldFigure: spacing must be one of 'quantile', 'linear', found 'quantiles' — did you mean 'quantile'?",
  ],
  [
    'manifoldFigure(model, shape, { label: -1 })',
    'manifoldFigure: label must be a whole number of at least 0, found -1',
  ],
  [
    'classManifoldsFigure(conditional)',
    'classManifoldsFigure: imageShape must be [height, width] or [channels, height, width], found undefined',
  ],
  [
    'classManifoldsFigure(conditional, shape, { label: 1 })',
    "classManifoldsFigure: unknown option 'label' (options: size, spacing, title)",
  ],
  [
    "classManifoldsFigure(conditional, shape, { size: '6' })",
    "classManifoldsFigure: size must be a whole number above 0, found '6'",
  ],
  ['latentSteps()', 'latentSteps: size must be a whole number above 0, found undefined'],
  ['latentSteps(5)', "latentSteps: spacing must be one of 'quantile', 'linear', found undefined"],
  ["normalCdf('1')", "normalCdf: z must be a number, found '1'"],
  ["inverseNormalCdf('0.5')", "inverseNormalCdf: p must be a number between 0 and 1, found '0.5'"],
  ['slerp(1, 2, 0.5)', 'slerp: a must be an array of numbers, found 1'],
  ['slerp([1, 2], [1], 0.5)', 'slerp: a and b must have the same length, found 2 and 1'],
  ['slerp([1, 2], [1, 2])', 'slerp: t must be a number, found undefined'],
  ['codesOf(images, model)', `codesOf: the model must be ${MODEL}, found ${IMAGES}`],
  ['codesOf(model)', `codesOf: data must be ${DATASET}, found undefined`],
  [
    'latentScatter(model, images)',
    'latentScatter: models must be an array, found an instance of VAE — write latentScatter([…], data)',
  ],
  [
    'latentScatter([model], images)',
    'latentScatter: an element of models must be { title, model }, found an instance of VAE',
  ],
  [
    'latentScatter([{ model }], images, { counts: 5 })',
    'latentScatter: an element of models must be { title, model }, found { model: an instance of VAE }',
  ],
  [
    "latentScatter([{ title: 'a', model }], images, { count: -1 })",
    'latentScatter: count must be a whole number of at least 0, found -1',
  ],
  [
    'latentScatter([{ model }], images)',
    'latentScatter: an element of models must be { title, model }, found { model: an instance of VAE }',
  ],
]);

refused('charts', [
  ['scatterFigure()', 'scatterFigure: panels must be an array, found undefined — write scatterFigure([…])'],
  ['scatterFigure([[1, 2]])', 'scatterFigure: a panel must be { title, points, labels }, found [1, 2]'],
  [
    "scatterFigure([{ title: 'a', points: 1, labels: [0] }])",
    'scatterFigure: the points of a panel must be an array of numbers, found 1',
  ],
  [
    "scatterFigure([{ title: 'a', points: [1, 2] }])",
    "scatterFigure: a panel must be { title, points, labels }, found { title: 'a', points: [1, 2] }",
  ],
  [
    'scatterFigure([], 420)',
    'scatterFigure: options must be an object, found 420 — write scatterFigure(panels, { title: 420 })',
  ],
  ['scatterFigure([], { width: 420 })', "scatterFigure: unknown option 'width' (options: title, size, axes)"],
  ["scatterFigure([], { size: '420' })", "scatterFigure: size must be a number above 0, found '420'"],
  [
    "scatterFigure([], { axes: 'z1' })",
    "scatterFigure: axes must be two names, such as ['z1', 'z2'], found 'z1'",
  ],
  ['scatterFigure([], { title: null })', 'scatterFigure: title must be a string, found null'],
  [
    'scatterAnimation([], { steps: 1 })',
    "scatterAnimation: unknown option 'steps' — did you mean 'step'? (options: step, hold, title, size, axes)",
  ],
  ['scatterAnimation([], { step: 0 })', 'scatterAnimation: step must be a number above 0, found 0'],
  ["scatterAnimation([], { hold: '2' })", "scatterAnimation: hold must be a number of at least 0, found '2'"],
  [
    "scatterAnimation([{ title: 'a', points: [1], labels: [0] }])",
    'scatterAnimation: 1 coordinates for 1 labels — give two for each',
  ],
  ['barChart()', 'barChart: options must be an object, found undefined — write barChart({ title: … })'],
  [
    'barChart([1, 2])',
    'barChart: options must be an object, found [1, 2] — write barChart({ title: [1, 2] })',
  ],
  [
    'barChart({ bar: [] })',
    "barChart: unknown option 'bar' — did you mean 'bars'? (options: title, xLabel, yLabel, width, height, bars, groups)",
  ],
  ['barChart({ bars: 1 })', 'barChart: bars must be an array, found 1 — write barChart({ bars: [1, …] })'],
  ['barChart({ bars: [1] })', 'barChart: a bar must be { label, value }, found 1'],
  [
    "barChart({ bars: [{ label: 'a', value: '1' }] })",
    "barChart: the value of a bar must be a number, found '1'",
  ],
  [
    "barChart({ bars: [{ label: 'a', value: 1, group: 'b' }] })",
    "barChart: the group of a bar must be a whole number of at least 0, found 'b'",
  ],
  [
    "barChart({ bars: [], groups: 'a' })",
    "barChart: groups must be an array, found 'a' — write barChart({ groups: […] })",
  ],
  ['barChart({ bars: [] })', 'barChart: title must be a string, found undefined'],
  [
    "barChart({ title: 'a', xLabel: 'x', yLabel: 'y', bars: [], width: 0 })",
    'barChart: width must be a number above 0, found 0',
  ],
  ['klChart(null)', 'klChart: kl must be an array of numbers, found null'],
  [
    "klChart([1], 'KL')",
    "klChart: options must be an object, found 'KL' — write klChart(kl, { active: 'KL' })",
  ],
  [
    'klChart([1], { activ: [true] })',
    "klChart: unknown option 'activ' — did you mean 'active'? (options: active, title)",
  ],
  [
    'klChart([1], { active: true })',
    'klChart: active must be an array, found true — write klChart(kl, { active: […] })',
  ],
  [
    "lineChart({ title: 'a', xLabel: 'x', yLabel: 'y' })",
    'lineChart: series must be an array, found undefined — write lineChart({ series: […] })',
  ],
  [
    'lineChart({ lines: [] })',
    "lineChart: unknown option 'lines' (options: title, xLabel, yLabel, width, height, series)",
  ],
  [
    "lineChart({ title: 'a', xlabel: 'x' })",
    "lineChart: unknown option 'xlabel' — did you mean 'xLabel'? (options: title, xLabel, yLabel, width, height, series)",
  ],
  [
    "lineChart({ title: 'a', xLabel: 'x', yLabel: 'y', series: [[1, 2]] })",
    'lineChart: a line must be { name, points }, found [1, 2]',
  ],
  [
    "lineChart({ title: 'a', xLabel: 'x', yLabel: 'y', series: [{ name: 'a', points: 1 }] })",
    'lineChart: the points of a line must be an array, found 1 — write lineChart({ series: [{ name, points: [1, …] }] })',
  ],
  [
    "lineChart({ title: 'a', xLabel: 'x', yLabel: 'y', series: [{ name: 'a', points: [1, 2] }] })",
    'lineChart: a point must be [x, y], found 1',
  ],
  ['lossChart()', 'lossChart: results must be an array, found undefined — write lossChart([…])'],
  ['lossChart([1])', 'lossChart: a result must be { epoch, train, test }, found 1'],
  [
    "lossChart([], 'Loss')",
    "lossChart: options must be an object, found 'Loss' — write lossChart(results, { title: 'Loss' })",
  ],
  [
    "lossChart([], { heldout: 'test' })",
    "lossChart: unknown option 'heldout' — did you mean 'heldOut'? (options: title, heldOut, targets)",
  ],
  ['lossChart([], { heldOut: 1 })', 'lossChart: heldOut must be a string, found 1'],
]);

refused('sheets, pictures and files', [
  ['gridSheet()', 'gridSheet: images must be a Float32Array, found undefined'],
  [
    'gridSheet([1, 2], { columns: 1, imageShape: [1, 1] })',
    'gridSheet: images must be a Float32Array, found [1, 2] — write Float32Array.from(…)',
  ],
  [
    'gridSheet(images.images)',
    'gridSheet: options must be an object, found undefined — write gridSheet(images, { columns: … })',
  ],
  [
    'gridSheet(images.images, { column: 1 })',
    "gridSheet: unknown option 'column' — did you mean 'columns'? (options: columns, imageShape, title, columnLabels, rowLabels, caption, scale, gap)",
  ],
  [
    'gridSheet(images.images, { columns: 1 })',
    'gridSheet: imageShape must be [height, width] or [channels, height, width], found undefined',
  ],
  [
    'gridSheet(images.images, { columns: 1, imageShape: 28 })',
    'gridSheet: imageShape must be [height, width] or [channels, height, width], found 28 — write [28, 28]',
  ],
  [
    "gridSheet(images.images, { columns: 1, imageShape: shape, rowLabels: 'a' })",
    "gridSheet: rowLabels must be an array, found 'a' — write gridSheet(images, { rowLabels: […] })",
  ],
  [
    'gridSheet(images.images, { columns: 2, imageShape: shape, columnLabels: [1, 2] })',
    'gridSheet: a label in columnLabels must be a string, found 1',
  ],
  ['sheetSVG()', 'sheetSVG: the sheet must be a sheet, as gridSheet returns, found undefined'],
  [
    "sheetSVG(samplesFigure(model, shape), 'a.png')",
    'sheetSVG: the sheet must be a sheet, as gridSheet returns, found a promise — await it first',
  ],
  ['sheetSVG(sheet)', 'sheetSVG: href must be a string, found undefined'],
  [
    'terminalImages(x)',
    'terminalImages: images must be an array of numbers, found a tensor [2, 4] — pass the values that its method data() returns',
  ],
  [
    'terminalImages([0, 1])',
    'terminalImages: options must be an object, found undefined — write terminalImages(images, { imageShape: … })',
  ],
  [
    'terminalImages([0, 1], { imageShape: 2 })',
    'terminalImages: imageShape must be [height, width] or [channels, height, width], found 2 — write [2, 2]',
  ],
  [
    'terminalImages([0, 1], { imageShape: [1, 2], depth: 16 })',
    'terminalImages: depth must be 8 or 24, found 16',
  ],
  [
    'terminalImages([0, 1], { imageShape: [1, 2], columns: 0 })',
    'terminalImages: columns must be a whole number above 0, found 0',
  ],
  ['new Raster()', 'Raster: width must be a whole number of at least 0, found undefined'],
  [
    "new Raster(2, 2, 'red')",
    "Raster: background must be an array, found 'red' — write new Raster(width, height, […])",
  ],
  ['new Raster(2, 2).rect(0, 0, 1)', 'rect: height must be a number, found undefined'],
  [
    'new Raster(2, 2).rect(0, 0, 1, 1, 255)',
    'rect: color must be an array, found 255 — write rect(x, y, width, height, [255, …])',
  ],
  ['new Raster(2, 2).image(0, 0, 1, [1, 1])', 'image: values must be an array of numbers, found 1'],
  [
    'new Raster(2, 2).image(0, 0, [1])',
    'image: imageShape must be [height, width] or [channels, height, width], found undefined',
  ],
  ['new Raster(2, 2).enlarged(0.5)', 'enlarged: scale must be a whole number above 0, found 0.5'],
  ['encodePng(sheet)', `encodePng: the picture must be a Raster, such as sheet.pixels, found ${SHEET}`],
  ['encodePng()', 'encodePng: the picture must be a Raster, such as sheet.pixels, found undefined'],
  ["writePng(sheet.pixels, 'a.png')", 'writePng: path must be a string, found an instance of Raster'],
  [
    "writePng('a.png', sheet)",
    `writePng: the picture must be a Raster, such as sheet.pixels, found ${SHEET}`,
  ],
  [
    'encodeSheet(sheet.pixels)',
    'encodeSheet: the sheet must be a sheet, as gridSheet returns, found an instance of Raster',
  ],
  ["writeSheet(sheet, 'a')", `writeSheet: path must be a string, found ${SHEET}`],
  [
    "writeSheet('a', samplesFigure(model, shape))",
    'writeSheet: the sheet must be a sheet, as gridSheet returns, found a promise — await it first',
  ],
  ['readIdxFile()', 'readIdxFile: path must be a string, found undefined'],
  ["readIdxDataset('images')", 'readIdxDataset: labelPath must be a string, found undefined'],
  ["readIdxFile('a', { limit: 1 })", "readIdxFile: unknown option 'limit' (options: maxBytes)"],
  [
    "readIdxDataset('a', 'b', { transposed: true })",
    "readIdxDataset: unknown option 'transposed' — did you mean 'transpose'? (options: maxBytes, transpose, firstLabel)",
  ],
  [
    "readIdxDataset('a', null, { firstLabel: -1 })",
    'readIdxDataset: firstLabel must be a whole number of at least 0, found -1',
  ],
  ["decodePng('a.png')", "decodePng: bytes must be a Uint8Array, found 'a.png'"],
  [
    "decodePng(new Uint8Array(1), 'a', { maxPixels: 0 })",
    'decodePng: maxPixels must be a whole number above 0, found 0',
  ],
  ["decodePng(new Uint8Array(1), 'a', { channels: 2 })", 'decodePng: channels must be 1 or 3, found 2'],
  [
    "decodePng(new Uint8Array(1), 'a', { ground: 255 })",
    'decodePng: ground must be a number from 0 to 1, found 255',
  ],
  ["writeFileAtomic('a')", 'writeFileAtomic: contents must be a string or a Uint8Array, found undefined'],
  [
    "writeFileAtomic('a', { a: 1 })",
    'writeFileAtomic: contents must be a string or a Uint8Array, found { a: 1 }',
  ],
  ['removeLeftovers()', 'removeLeftovers: folder must be a string, found undefined'],
]);

refused('likelihoods and priors', [
  ['new Bernoulli().mean()', 'Bernoulli: logits must be a tensor, found undefined'],
  ['new Bernoulli().sample([1])', 'Bernoulli: logits must be a tensor, found [1] — write tensor([1])'],
  [
    'new Bernoulli().sample(x, 5)',
    'bernoulli: generator must be a Generator, found 5 — write new Generator(seed)',
  ],
  [
    'new Bernoulli().sample(x, { generator: new Generator(1) })',
    'bernoulli: generator must be a Generator, found { generator: an instance of Generator } — write new Generator(seed)',
  ],
  ['new Categorical().mean([1])', 'Categorical: logits must be a tensor, found [1] — write tensor([1])'],
  ['new Categorical().sample()', 'Categorical: logits must be a tensor, found undefined'],
  [
    'new ContinuousBernoulli().mean(1)',
    'ContinuousBernoulli: logits must be a tensor, found 1 — write tensor(1)',
  ],
  ['new ContinuousBernoulli().sample()', 'ContinuousBernoulli: logits must be a tensor, found undefined'],
  ['new Gaussian().mean()', 'Gaussian: outputs must be a tensor, found undefined'],
  ['new Gaussian().sample()', 'Gaussian: outputs must be a tensor, found undefined'],
  [
    "new Gaussian({ link: 'sigmoid' }).mean([1])",
    'Gaussian: outputs must be a tensor, found [1] — write tensor([1])',
  ],
  ['new PixelGaussian().mean()', 'PixelGaussian: outputs must be a tensor, found undefined'],
  [
    'new PixelGaussian().sample([1])',
    'PixelGaussian: outputs must be a tensor, found [1] — write tensor([1])',
  ],
  ['new SquaredError().mean()', 'SquaredError: mu must be a tensor, found undefined'],
  ['new SquaredError().sample()', 'SquaredError: mu must be a tensor, found undefined'],
  ['new StandardNormal(2).sample()', 'sample: count must be a whole number of at least 0, found undefined'],
  ["new StandardNormal(2).sample('3')", "sample: count must be a whole number of at least 0, found '3'"],
  [
    'new StandardNormal(2).sample(3, {}, 5)',
    'sample: options must be an object, found 5 — write sample(count, context, { generator: 5 })',
  ],
  ['new StandardNormal(2).sample(3, {}, { seed: 5 })', "sample: unknown option 'seed' (options: generator)"],
  [
    'new StandardNormal(2).sample(3, {}, { generator: 5 })',
    'randn: generator must be a Generator, found 5 — write new Generator(seed)',
  ],
  [
    'new ConditionalNormal(3, 2).sample(3)',
    'ConditionalNormal: p(z|y) needs labels — use this prior in a ConditionalVAE',
  ],
  [
    'new ConditionalNormal(3, 2).sample(3, { labels: [1] })',
    'ConditionalNormal: labels must be a tensor, found [1] — write tensor([1])',
  ],
  [
    'new MixtureOfGaussians(2).sample()',
    'sample: count must be a whole number of at least 0, found undefined',
  ],
  ['new MixtureOfGaussians(2).logProb()', 'MixtureOfGaussians.logProb: z must be a tensor, found undefined'],
  [
    'new VampPrior(4).sample(2)',
    'VampPrior: the context must be an object with an encode method, such as a VAE, found undefined',
  ],
  [
    'new VampPrior(4).sample(2, { labels: x })',
    'VampPrior: the context must be an object with an encode method, such as a VAE, found { labels: a tensor [2, 4] }',
  ],
  [
    'new VampPrior(4).logProb([1], model)',
    'VampPrior.logProb: z must be a tensor, found [1] — write tensor([1])',
  ],
  ['gumbel([2], { seed: 1 })', "gumbel: unknown option 'seed' (options: generator)"],
]);

refused('data and terms', [
  ['pixelsOf(data)', `pixelsOf: data must be ${DATASET}, found { train, … } — write data.train or data.test`],
  ['isLatentModel()', `isLatentModel: the model must be ${MODEL}, found undefined`],
  ['logWeights()', 'logWeights: the argument must be { likelihood, prior, posterior }, found undefined'],
  [
    'logWeights({ likelihood: 1, prior: 2, posterior: 3 })',
    'logWeights: likelihood must be a tensor, found 1 — write tensor(1)',
  ],
]);

test.run();
