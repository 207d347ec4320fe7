/** Functions as plain data and as files for other programs. */
export { type ExportOptions, exportGraph, type InputShapes } from './export-graph.js';
export type { ExportGraph, ExportNode } from './graph.js';
export type { BatchLength, Length } from './length.js';
export { type OnnxOptions, toOnnx } from './onnx/onnx.js';
export { Message as ProtobufMessage } from './protobuf.js';
export type { NamedTensors } from './record.js';
export { type JavaScriptOptions, toJavaScript } from './script/javascript.js';
