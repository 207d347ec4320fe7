/**
 * Special values on a real card, with whatever adapter webgpu finds. `npm run test:gpu -- --bundle card.mjs` makes one file of
 * this program and the library. On the machine with the card:
 *
 *   npm install gpu.js@2.24.1 webgpu && node card.mjs
 *
 * Prints the device, the wrong results, and `N passed, N failed`.
 */
import { gpu } from '@varigrad/core/gpu';
import { specialChecks } from './special.js';

const MOST_SHOWN = 20;

const machine = await gpu({ mode: 'webgpu' });
console.log(machine.description);
let [passed, failed] = [0, 0];
for (const [name, check] of Object.entries(specialChecks)) {
  const wrong = await check(machine).catch((error: Error) => [error.message]);
  if (wrong.length === 0) passed++;
  else failed++;
  console.log(
    `${wrong.length === 0 ? 'ok  ' : 'FAIL'}  ${name}${wrong.length === 0 ? '' : `: ${wrong.length} wrong`}`,
  );
  for (const line of wrong.slice(0, MOST_SHOWN)) console.log(`      ${line}`);
}
await machine.destroy();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0); // WebGPU's threads would keep the process alive
