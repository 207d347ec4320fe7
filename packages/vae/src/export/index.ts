/** Trained models as files for other programs. */
export { type ExportedModule, exportModule, type ModuleOptions } from './module.js';
export { exportOnnx } from './onnx.js';
export { exportPage, type PageOptions } from './page.js';
export type { ModelPart } from './parts.js';
