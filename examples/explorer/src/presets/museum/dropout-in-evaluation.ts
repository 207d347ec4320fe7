import { Generator, rand, type Tensor, tensor } from '@varigrad/core';
import { recordGraph, whyNoGrad } from '@varigrad/core/trace';
import { Dropout } from '@varigrad/nn';
import { type Exhibit, exhibit, type Finding, type Preset } from '../preset.js';

const INPUTS = [1, 2, 3, 4, 5, 6, 7, 8];
const SEED = 3;
const P = 0.5;

/** Evaluation of Σ dropout(weights · inputs), one unit for each input. */
function evaluation(forgotEval: boolean): Exhibit {
  const inputs = tensor(INPUTS).named('inputs');
  const weights = tensor(INPUTS.map(() => 1))
    .requiresGrad_()
    .named('weights');
  const units = (): Tensor => {
    const dropout = new Dropout(P, { generator: new Generator(SEED) });
    if (!forgotEval) dropout.eval();
    return dropout.forward(weights.mul(inputs).named('hidden'));
  };
  const kept = forgotEval ? keptUnits() : INPUTS.map(() => 1);
  const factors = kept.map((keep) => (forgotEval ? keep / (1 - P) : 1));
  const terms = INPUTS.map((value, i) => value * factors[i]!);
  const graph = recordGraph(() => units().sum().named('output'));
  const dropped = kept.indexOf(0);
  const why = (): Finding => {
    const { reason, message } = whyNoGrad(weights, () =>
      units()
        .slice(dropped, dropped + 1)
        .sum(),
    );
    return { tool: `whyNoGrad (unit ${dropped} alone)`, says: `${reason}: ${message}` };
  };
  return exhibit(
    graph,
    [inputs, weights],
    [
      {
        node: 'hidden',
        of: 'value',
        numbers: INPUTS,
        because: 'weights · inputs',
      },
      {
        node: 'output',
        of: 'value',
        numbers: [terms.reduce((a, b) => a + b)],
        because: forgotEval ? 'the kept units, doubled; it should be 36' : '1 + 2 + … + 8',
      },
      {
        node: 'weights',
        of: 'gradient',
        numbers: terms,
        because: forgotEval ? 'inputs / (1 − p) where kept, else 0' : 'inputs',
      },
    ],
    forgotEval ? [why()] : [],
  );
}

/** The units that the mask keeps: the same random numbers from the same seed. */
function keptUnits(): number[] {
  const draws: Tensor = rand([INPUTS.length], { generator: new Generator(SEED) });
  return [...draws.dataSync()].map((u) => Number(u >= P));
}

/** An evaluation with active dropout. */
export const dropoutInEvaluation: readonly Preset[] = [
  {
    id: 'dropout-bad',
    title: 'Dropout active in evaluation',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'model.eval() was not called before the evaluation, so half of the hidden units are set to 0 and the others doubled. The output should be 36; it differs on every call, and every reported metric is noisy and too pessimistic.',
      'The graph shows it: between `hidden` and the sum are ge (the mask), where and mul, which do not belong in an evaluation. For a dropped unit, whyNoGrad names where.',
    ],
    run: () => evaluation(true),
  },
  {
    id: 'dropout-good',
    title: 'Dropout switched off by eval()',
    group: 'Bug museum',
    verdict: 'known good',
    prose: ['After eval() the layer returns its input: it adds nothing to the graph, and the output is 36.'],
    run: () => evaluation(false),
  },
];
