/** Random programs of operations, compiled: value and gradients have the same bits as in plain calls. */
import {
  compile,
  createReference,
  createWasm,
  gradients,
  setBackend,
  type Tensor,
  tensor,
} from '@varigrad/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RandomProgram, randomProgram } from '../helpers/random-programs.js';

const PROGRAMS = 60;

/** The bits of a tensor's numbers; NaN counts as one number. */
const bits = (t: Tensor): string[] =>
  Array.from(t.dataSync(), (x) => (Number.isNaN(x) ? 'NaN' : Object.is(x, -0) ? '-0' : String(x)));

/** The inputs of a call: those of the program, moved a little for each call. */
function inputsOf({ inputs }: RandomProgram, call: number): Tensor[] {
  return inputs.map(({ shape, data, constant }) => {
    const values = data.map((x) => (constant ? x : x + call / 64));
    return tensor(values, { shape }).requiresGrad_(!constant);
  });
}

for (const machine of [createReference(), createWasm({ threads: 1 }), createWasm({ threads: 2 })]) {
  const test = suite(`${machine.description}: `);
  test.before.each(() => setBackend(machine));

  test(`${PROGRAMS} random programs`, () => {
    for (let seed = 0; seed < PROGRAMS; seed++) {
      const program = randomProgram(seed);
      const f = (...xs: Tensor[]): Tensor[] => {
        const y = program.run(xs);
        const variables = xs.filter(({ requiresGrad }) => requiresGrad);
        return y.requiresGrad ? [y, ...gradients(y.sum(), variables)] : [y];
      };
      const compiled = compile(f);
      for (let call = 0; call < 4; call++) {
        const expected = f(...inputsOf(program, call)).map(bits);
        assert.equal(
          compiled(...inputsOf(program, call)).map(bits),
          expected,
          `seed ${seed}, call ${call}\n${program.text}`,
        );
      }
      assert.is(compiled.recordings, 2, program.text);
      compiled.dispose();
    }
  });

  test.run();
}
