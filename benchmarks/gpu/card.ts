/**
 * One file for a machine with a card: the checks of `npm run test:gpu` in mode webgpu, then the measurement. `--checks` and
 * `--measurement` run one of the two. `--quick` measures small sizes, `--brief` all sizes in short rounds, `--only` some groups. `npm run bench:gpu -- --bundle FILE.mjs`
 * makes the file.
 */
import { parseArgs } from 'node:util';
import { runModes } from '../../tests/gpu/checks.js';
import { measureInNode } from './in-node.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    checks: { type: 'boolean', default: false },
    measurement: { type: 'boolean', default: false },
  },
});
const both = values.checks === values.measurement;
const right = (!both && !values.checks) || (await runModes(['webgpu']));
if (both || values.measurement) console.log(`\n${await measureInNode(['webgpu'], values)}`);
process.exit(right ? 0 : 1); // WebGPU's threads would keep the process alive
