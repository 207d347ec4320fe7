/** The option of the commands that train, for event files. */
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import type { CommandLine } from './command.js';

/** Files that a training writes besides those of every run. They change no result, so the option does not belong to a run's configuration. */
export const TENSORBOARD_OPTIONS = {
  tensorboard: {
    group: 'The run:',
    type: 'boolean',
    default: false,
    help: 'write event files for TensorBoard, too: losses, pictures, histograms of the weights',
  },
} as const;

/** Whether a command line asks for event files. */
export function readTensorboard({ flags }: CommandLine): boolean {
  return complete(TENSORBOARD_OPTIONS, fromFlags(TENSORBOARD_OPTIONS, flags)).tensorboard;
}
