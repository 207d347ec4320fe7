/** The command line as a library, and the parts of it that other programs may want. */

export {
  createReporter,
  epochLine,
  lossText,
  type Output,
  progressLine,
  type Reporter,
  type Wording,
} from '../run/progress.js';
export { type CommandLineOptions, runCommandLine } from './main.js';
