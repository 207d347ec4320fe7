export { type NpyHeader, parseHeader } from './header.js';
export { decodeNpy, type EncodeNpyOptions, encodeNpy, type NpyArray, type NpyInput } from './npy.js';
export { type DecodeNpzOptions, decodeNpz, type EncodeNpzOptions, encodeNpz } from './npz.js';
export type { NpyData, NpyType } from './types.js';
