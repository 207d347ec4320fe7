/** The command line as a function, and the progress output that other programs can use. */

export {
  createReporter,
  epochLine,
  lossText,
  type Output,
  type Paint,
  painter,
  progressLine,
  type Reporter,
  type Wording,
  wrapped,
} from '../run/progress.js';
export { type CommandLineOptions, runCommandLine } from './main.js';
