export type { Formula } from '../functions/row.js';
export {
  type GradientRecord,
  type OperationRecord,
  type Recorder,
  withRecorder,
} from '../recorder.js';
export { unravelIndex } from '../shape.js';
export { type AnomalyOptions, debug, detectAnomaly, NotFiniteError } from './debug.js';
export { explain } from './explain.js';
export { toDot, toJSON, toMermaid } from './export.js';
export { type FlameOptions, toFlameSVG } from './flame.js';
export {
  activations,
  derivativeOf,
  formulaOf,
  formulas,
  operandName,
} from './formulas.js';
export {
  type ArrayOverview,
  type ArraySummary,
  type BackwardStep,
  checkDrawable,
  type Graph,
  type GraphNode,
  moduleNames,
} from './graph.js';
export type { Point } from './layered.js';
export {
  type BoxKind,
  type Layout,
  type LayoutBox,
  type LayoutEdge,
  type LayoutGroup,
  type LayoutOptions,
  layout,
} from './layout.js';
export type { Modules } from './modules.js';
export {
  formatProfile,
  type ProfileEntry,
  type ProfileOptions,
  profile,
  profileOf,
} from './profile.js';
export {
  type DerivativeCheck,
  type ExplainOptions,
  type GradientPath,
  type GradientStory,
  type GradientUse,
  gradientStory,
} from './story.js';
export { edgePath, escapeXML, type SVGOptions, toSVG } from './svg.js';
export { type Names, type RecordOptions, recordGraph, trace } from './trace.js';
export {
  type NoGradDiagnosis,
  type NoGradReason,
  type WhyNoGradOptions,
  whyNoGrad,
} from './why-no-grad.js';
