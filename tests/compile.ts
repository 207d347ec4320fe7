/** `npm run test:compile`: 301 steps of every model on every host backend, eager and compiled, must have equal bits. */
import { isDeepStrictEqual } from 'node:util';
import { CASES, trained } from './helpers/compiled-training.js';

const epochs = 43;
let wrong = 0;
for (const one of CASES) {
  const eager = await trained(one, { epochs, compile: false });
  const isEqual = isDeepStrictEqual(await trained(one, { epochs, compile: true }), eager);
  if (!isEqual) wrong++;
  console.log(`${isEqual ? 'equal' : 'DIFFERENT'}  ${one.name}`);
}
console.log(`${CASES.length} trainings of ${7 * epochs} steps, ${wrong} different`);
process.exit(wrong === 0 ? 0 : 1);
