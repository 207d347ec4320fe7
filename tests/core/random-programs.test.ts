/** Some hundred random programs; `npm run test:programs` runs 10,000. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkProgram } from '../helpers/program-checks.js';
import { randomProgram } from '../helpers/random-programs.js';

const COUNT = 300;

test('random programs: wasm agrees with reference, and gradients with differences in float64', () => {
  let decided = 0;
  for (let seed = 0; seed < COUNT; seed++) {
    const program = randomProgram(seed);
    const found = checkProgram(program);
    decided += found.decided;
    assert.equal(found.problems, [], program.text);
  }
  assert.ok(decided > 3 * COUNT, `${decided} derivatives were decided by differences`);
});

test('the programs meet what they are for', () => {
  const texts = Array.from({ length: COUNT }, (_, seed) => randomProgram(seed).text);
  const meets = (pattern: RegExp): number => texts.filter((text) => pattern.test(text)).length;
  assert.ok(meets(/\[[^\]]*\b0\b[^\]]*\] *$/m) > 5, 'an axis of length 0');
  assert.ok(meets(/\[[^\]]*\b1\b[^\]]*\]/) > 50, 'an axis of length 1');
  assert.ok(meets(/"axis":-|axis: -/) > 50, 'a negative axis');
  assert.ok(meets(/Infinity/) > 30 && meets(/NaN/) > 20, 'special values');
  assert.ok(meets(/\.where\(v\d+\.(sqrt|log|reciprocal|rsqrt)/) > 30, 'a mask behind a singular function');
});

test('a seed gives one program', () => {
  assert.is(randomProgram(7).text, randomProgram(7).text);
  assert.is.not(randomProgram(7).text, randomProgram(8).text);
});

test.run();
