export type { LibraryName } from './libraries.js';
export { type NativeBackend, type NativeOptions, native } from './native.js';
