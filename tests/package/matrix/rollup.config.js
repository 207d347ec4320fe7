/** A browser build of the current folder's main.js; the result also runs in Node. */
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: 'main.js',
  output: { file: 'rollup/main.mjs', format: 'es' },
  plugins: [nodeResolve({ browser: true })],
  onwarn(warning) {
    throw new Error(warning.message);
  },
};
