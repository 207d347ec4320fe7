/** The options that define the images of a run. */
export const DATA_OPTIONS = {
  data: {
    group: 'The images:',
    type: 'string',
    default: 'mnist',
    help: 'mnist; a folder of PNG images or of IDX files; or images.idx,labels.idx',
  },
  trainLimit: {
    group: 'The images:',
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    help: 'use only the first N training images; 0 means all',
    short: 'limit',
  },
  validation: {
    group: 'The images:',
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    help: 'use the last N training images for validation, and keep the best epoch',
    short: 'val',
  },
  binarization: {
    group: 'The images:',
    enum: ['none', 'threshold', 'static', 'dynamic'],
    default: 'none',
    help: 'how grey values become 0/1',
  },
} as const;
