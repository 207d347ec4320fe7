export { logEpoch } from './log-epoch.js';
export { SummaryWriter, type SummaryWriterOptions } from './summary-writer.js';
