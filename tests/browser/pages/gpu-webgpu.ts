import { gpuTests } from '../gpu-tests.js';
import { runTests } from '../in-page.js';

await runTests(gpuTests('webgpu', { batchSize: 64, memory: { batchSize: 8, hidden: 64 } }));
