/** Trained models as files for other programs. */
export { exportOnnx } from './onnx.js';
export type { ModelPart } from './parts.js';
