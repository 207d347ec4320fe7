/** `npm run bench`: runs the benchmarks that need only this repository, one after the other. */
await import('./kernels.js');
await import('./step.js');
