/** A browser build of the current folder's main.js; the result also runs in Node. */
export default {
  logLevel: 'warn',
  build: {
    outDir: 'vite',
    modulePreload: { polyfill: false },
    rollupOptions: { input: 'main.js', output: { entryFileNames: 'main.mjs' } },
  },
};
