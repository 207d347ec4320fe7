/** Writes a function of tensors as JavaScript without dependencies. */
import type { Argument, HostArray } from '../../backend/backend.js';
import { isSlot, slotsOf } from '../../backend/program/program.js';
import { checkArray, checkFunction } from '../../checks/arguments.js';
import { checkOptions, type OptionNames } from '../../checks/options.js';
import type { Shape } from '../../errors.js';
import { checkShape, sizeOf } from '../../shape.js';
import type { Tensor } from '../../tensor.js';
import { littleEndian } from '../little-endian.js';
import { type RecordedFunction, recordFunction } from './record-program.js';
import { RUNTIME } from './runtime.generated.js';

/** Options of `toJavaScript`. */
export interface JavaScriptOptions {
  /** The shape of each argument. */
  inputs: readonly Shape[];
}

const JAVASCRIPT_OPTIONS: OptionNames<JavaScriptOptions> = { inputs: true };

/**
 * A function of tensors as a script without dependencies, for browsers and Node. The script declares `forward`, which takes lists of
 * numbers and returns a Float32Array. It contains the constants as base64 of float32 and the kernels of the reference backend, and its
 * results have the bits of that backend.
 * @param f - called once, with zeros
 * @returns the text of the script
 * @throws ArgumentError if f draws random numbers, changes a tensor in place or reads values
 */
export function toJavaScript(f: (...inputs: Tensor[]) => Tensor, options: JavaScriptOptions): string {
  checkFunction('toJavaScript', f);
  checkOptions('toJavaScript', options, JAVASCRIPT_OPTIONS, 'f, ');
  const { inputs } = options;
  checkArray('toJavaScript', 'inputs', inputs, 'f, { inputs: ', ' }');
  for (const shape of inputs) checkShape('toJavaScript', shape);
  return scriptText(recordFunction('toJavaScript', f, inputs));
}

function scriptText(recorded: RecordedFunction): string {
  const { inputs, result, program, bound } = recorded;
  const used = new Set([...program.calls.flatMap(slotsOf), result]);
  const constants = [...bound].filter(([slot]) => used.has(slot));
  let end = 0;
  const declarations = constants.map(([slot, { length }]) => {
    end += length;
    return `const v${slot} = numbers.subarray(${end - length}, ${end});`;
  });
  const calls = program.calls.map(({ kernel, args, out }) => {
    const texts = args.map((argument) => argumentText(argument)).join(', ');
    return `  const v${out} = varigrad.kernels.${kernel}(${texts});`;
  });
  const parameters = inputs.map((_, i) => `a${i}`);
  const checks = inputs.map(
    (shape, i) =>
      `  const v${i} = Float32Array.from(a${i});
  if (v${i}.length !== ${sizeOf(shape)}) throw new RangeError(\`forward: argument ${i + 1} must have ${sizeOf(shape)} numbers, found \${v${i}.length}\`);`,
  );
  return `${RUNTIME}
const numbers = (() => {
  const bytes = Uint8Array.from(atob('${base64(constants.map(([, values]) => values))}'), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: ${end} }, (_, i) => view.getFloat32(4 * i, true));
})();
${declarations.join('\n')}
function forward(${parameters.join(', ')}) {
${checks.join('\n')}
${calls.join('\n')}
  return v${result};
}
`;
}

/** The argument of a kernel as JavaScript. */
function argumentText(argument: Argument): string {
  if (typeof argument !== 'object' || argument === null)
    return typeof argument === 'string' ? `'${argument}'` : Object.is(argument, -0) ? '-0' : String(argument);
  if (Array.isArray(argument)) return `[${argument.map(argumentText).join(', ')}]`;
  if (!isSlot(argument))
    return `{ ${Object.entries(argument)
      .map(([key, value]) => `${key}: ${argumentText(value)}`)
      .join(', ')} }`;
  const values = `v${argument.slot}`;
  return argument.shape === undefined
    ? values
    : `{ values: ${values}, shape: [${argument.shape.join(', ')}] }`;
}

/** Bytes that are turned into text at a time: String.fromCharCode takes them as arguments. */
const PIECE = 0x6000; // a multiple of 3, so that only the last piece is padded

/** Numbers as base64 of little-endian float32. */
function base64(arrays: readonly HostArray[]): string {
  const numbers = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of arrays) {
    numbers.set(values, at);
    at += values.length;
  }
  const bytes = littleEndian(numbers);
  let text = '';
  for (let start = 0; start < bytes.length; start += PIECE)
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + PIECE)));
  return text;
}
