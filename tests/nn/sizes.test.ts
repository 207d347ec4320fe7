/** Layers refuse sizes of 0, and numbers that lead to NaN or to no result, when they are made. */
import * as core from '@varigrad/core';
import * as nn from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusedCalls } from '../helpers/refused-calls.js';

const refused = refusedCalls({ ...core, ...nn, t: core.zeros([2, 3]) });

/** One row for each value: the call with `?` replaced by it. */
function rows(
  call: string,
  values: readonly string[],
  op: string,
  words: string,
): (readonly [string, string])[] {
  return values.map((value) => [call.replace('?', value), `${op}: ${words}, found ${value}`] as const);
}

const WHOLE = ['0', '-1', '1.5', 'NaN'];
const NOT_FINITE = ['NaN', 'Infinity', '-Infinity'];

refused('sizes', [
  ...rows('new Linear(?, 3)', WHOLE, 'Linear', 'inFeatures must be a whole number above 0'),
  ...rows('new Linear(3, ?)', WHOLE, 'Linear', 'outFeatures must be a whole number above 0'),
  ...rows('new BatchNorm1d(?)', WHOLE, 'BatchNorm1d', 'features must be a whole number above 0'),
  ...rows('new BatchNorm2d(?)', WHOLE, 'BatchNorm2d', 'channels must be a whole number above 0'),
  ...rows('new Unflatten([?])', WHOLE, 'Unflatten', 'an axis length must be a whole number above 0'),
]);

for (const layer of ['Conv2d', 'ConvTranspose2d']) {
  refused(layer, [
    ...rows(`new ${layer}(?, 1, 3)`, WHOLE, layer, 'inChannels must be a whole number above 0'),
    ...rows(`new ${layer}(1, ?, 3)`, WHOLE, layer, 'outChannels must be a whole number above 0'),
  ]);
}

const windows: readonly [start: string, options: readonly string[]][] = [
  ['Conv2d(1, 1, ', ['stride', 'dilation', 'padding']],
  ['ConvTranspose2d(1, 1, ', ['stride', 'dilation', 'padding', 'outputPadding']],
  ['MaxPool2d(', ['stride', 'padding']],
  ['AvgPool2d(', ['stride', 'padding']],
];

for (const [start, options] of windows) {
  const layer = start.slice(0, start.indexOf('('));
  const pairs = ['[0, 2]', '[1]', '[1, 2, 3]', '[2, NaN]'];
  const isPadding = (name: string): boolean => name.toLowerCase().includes('padding');
  refused(`windows of ${layer}`, [
    ...rows(
      `new ${start}?)`,
      [...WHOLE, ...pairs],
      layer,
      'kernelSize must be one or two whole numbers above 0',
    ),
    ...options.flatMap((name) =>
      rows(
        `new ${start}3, { ${name}: ? })`,
        isPadding(name) ? ['-1', '0.5', 'NaN', '[0, -1]', '[1]'] : [...WHOLE, ...pairs],
        layer,
        `${name} must be one or two whole numbers ${isPadding(name) ? 'of at least 0' : 'above 0'}`,
      ),
    ),
  ]);
}

refused('other numbers', [
  ...rows('new Dropout(?)', ['1', '-0.1', 'NaN'], 'Dropout', 'p must be a number in [0, 1)'),
  ...rows('new LeakyReLU(?)', NOT_FINITE, 'LeakyReLU', 'slope must be a number that is finite'),
  ...rows('new ELU(?)', NOT_FINITE, 'ELU', 'alpha must be a number that is finite'),
  ...rows(
    'new BatchNorm1d(2, { epsilon: ? })',
    ['0', '-1', 'NaN'],
    'BatchNorm1d',
    'epsilon must be a number above 0',
  ),
  ...rows(
    'new BatchNorm2d(2, { momentum: ? })',
    ['-1', '2', 'NaN'],
    'BatchNorm2d',
    'momentum must be a number from 0 to 1',
  ),
  ...rows('uniform(t, ?)', NOT_FINITE, 'uniform', 'low must be a number that is finite'),
  ...rows(
    'uniform(t, 0, ?)',
    ['-1', 'NaN', 'Infinity'],
    'uniform',
    'high must be a number of at least low, 0',
  ),
  ...rows('normal(t, ?)', NOT_FINITE, 'normal', 'mean must be a number that is finite'),
  ...rows('normal(t, 0, ?)', ['-1', 'NaN', 'Infinity'], 'normal', 'std must be a number of at least 0'),
  ...rows(
    'kaimingUniform(t, { slope: ? })',
    NOT_FINITE,
    'kaimingUniform',
    'slope must be a number that is finite',
  ),
  ...rows(
    'kaimingNormal(t, { slope: ? })',
    NOT_FINITE,
    'kaimingNormal',
    'slope must be a number that is finite',
  ),
  ...rows(
    'xavierUniform(t, { gain: ? })',
    ['-1', 'NaN'],
    'xavierUniform',
    'gain must be a number of at least 0',
  ),
  ...rows(
    'xavierNormal(t, { gain: ? })',
    ['-1', 'NaN'],
    'xavierNormal',
    'gain must be a number of at least 0',
  ),
]);

refused('schedules', [
  ...rows('stepSchedule(?)', ['0', '-1', 'NaN'], 'stepSchedule', 'size must be a number above 0'),
  ...rows('stepSchedule(1, ?)', ['-1', 'NaN'], 'stepSchedule', 'gamma must be a number of at least 0'),
  ...rows(
    'exponentialSchedule(?)',
    ['-1', 'NaN'],
    'exponentialSchedule',
    'gamma must be a number of at least 0',
  ),
  ...rows('cosineSchedule(?)', ['0', '-1', 'NaN'], 'cosineSchedule', 'total must be a number above 0'),
  ...rows('cosineSchedule(9, ?)', ['-1', 'NaN'], 'cosineSchedule', 'floor must be a number of at least 0'),
  ...rows('warmupSchedule(?)', ['0', '-1', 'NaN'], 'warmupSchedule', 'length must be a number above 0'),
  ...rows(
    'warmupSchedule(9, () => 1, ?)',
    ['-1', 'NaN'],
    'warmupSchedule',
    'start must be a number of at least 0',
  ),
]);

test('the smallest sizes are accepted', () => {
  const image = core.zeros([1, 1, 1, 1]);
  const { Conv2d, ConvTranspose2d, MaxPool2d, AvgPool2d, BatchNorm2d } = nn;
  const layers = [
    new Conv2d(1, 1, 1),
    new ConvTranspose2d(1, 1, 1),
    new MaxPool2d(1),
    new AvgPool2d(1),
    new BatchNorm2d(1).eval(),
  ];
  for (const layer of layers) assert.equal(layer.forward(image).shape, [1, 1, 1, 1]);
  assert.equal(new nn.Linear(1, 1).forward(core.zeros([1, 1])).shape, [1, 1]);
  assert.equal(new nn.Unflatten([1]).forward(core.zeros([3, 1])).shape, [3, 1]);
});

test.run();
