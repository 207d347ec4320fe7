export type { ExchangeSpec } from '../backend/specs.js';
export { createGroup, type Group } from './group.js';
export { findLaunch, type Launch } from './launcher.js';
export { type MpiOptions, mpi } from './mpi.js';
export type { Transport } from './transport.js';
