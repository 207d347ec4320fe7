/** A browser build of the current folder's main.js; the result also runs in Node. */
export default {
  mode: 'production',
  context: process.cwd(),
  entry: './main.js',
  target: ['web', 'es2022'],
  output: { path: `${process.cwd()}/webpack`, filename: 'main.cjs' },
  performance: { hints: false },
};
