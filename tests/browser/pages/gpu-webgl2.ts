import { gpuTests } from '../gpu-tests.js';
import { runTests } from '../in-page.js';

await runTests(gpuTests('webgl2', { batchSize: 4, memory: { batchSize: 2, hidden: 8 } }));
