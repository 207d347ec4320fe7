/** `npm run bench`: the benchmarks that need nothing but this repository, one after the other. */
await import('./kernels.js');
await import('./step.js');
