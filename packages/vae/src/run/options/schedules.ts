/** The learning-rate schedules of the command line, and their options. */
import { cosineSchedule, exponentialSchedule, type Schedule, stepSchedule } from '@varigrad/nn';

export const SCHEDULE_OPTIONS = {
  schedule: {
    group: 'The optimizer:',
    default: 'none',
    help: 'how the learning rate changes',
    short: '',
    parts: {
      none: { help: 'constant', build: (): Schedule => () => 1 },
      cosine: {
        help: 'falls to 0 along half a cosine',
        options: ['scheduleEpochs'],
        // The builders take `scheduleEpochs` in steps, and the factor on the rate after them.
        build: (length: number): Schedule => cosineSchedule(length),
      },
      exponential: {
        help: 'falls by the same factor at every step',
        options: ['scheduleEpochs', 'scheduleDecay'],
        build: (length: number, decay: number): Schedule => exponentialSchedule(decay ** (1 / length)),
      },
      step: {
        help: 'is multiplied by --schedule-decay every --schedule-epochs',
        options: ['scheduleEpochs', 'scheduleDecay'],
        defaults: { scheduleEpochs: 10 },
        build: (length: number, decay: number): Schedule => stepSchedule(length, decay),
      },
    },
  },
  scheduleEpochs: {
    group: 'The optimizer:',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 100_000,
    default: { option: 'epochs' },
    example: 20,
    help: 'length of the schedule in epochs; for step the epochs between two drops',
    short: 'over',
  },
  scheduleDecay: {
    group: 'The optimizer:',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.1,
    example: 0.1,
    help: 'factor on the learning rate after --schedule-epochs',
    short: 'to',
  },
  scheduleWarmUp: {
    group: 'The optimizer:',
    type: 'number',
    minimum: 0,
    maximum: 100_000,
    default: 0,
    example: 1,
    help: 'epochs before the schedule in which the learning rate rises from 0',
    short: 'lr-warm-up',
  },
} as const;
