/** The text of the webgpu shaders. A driver may assume that no number is NaN, so NaN must not depend on a comparison of floats. */
import { createReference } from '@varigrad/core';
import { binaryRows, unaryRows } from '@varigrad/core/testing';
import { parse } from 'acorn';
import * as gpuJs from 'gpu.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkNatives } from '../../packages/core/src/backend/gpu/buffer-driver.js';
import { helpers } from '../../packages/core/src/backend/gpu/functions.js';
import { checkFields } from '../../packages/core/src/backend/gpu/gpujs.js';
import { nativeText } from '../../packages/core/src/backend/gpu/natives.js';
import { kernelSettings, type Program, sourceOf } from '../../packages/core/src/backend/gpu/program.js';
import { argmaxProgram } from '../../packages/core/src/backend/gpu/reduce.js';
import { registerProduct } from '../../packages/core/src/backend/gpu/wgsl-registers.js';
import { binaryExpressions, unaryExpressions } from '../../packages/core/src/functions/gpu.generated.js';
import { refuses } from '../helpers/refuses.js';

/** A syntax node of acorn. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly operator?: string;
  readonly left?: Node;
  readonly right?: Node;
}

/** Replaces each ordering comparison `a < b` by `order('<', a, b)`, and each product `a * b * c` by `product(a, b, c)`. */
function withCalls(text: string): string {
  const edits: { at: number; to: number; text: string }[] = [];
  const isProduct = (node: Node | undefined) => node?.operator === '*' && node.left !== undefined;
  const visit = (node: unknown, isFactor = false): void => {
    if (typeof node !== 'object' || node === null) return;
    const { operator = '', left, right, start, end } = node as Node;
    if (['<', '>', '<=', '>='].includes(operator) && left && right) {
      edits.push({ at: start, to: start, text: `order('${operator}', ` });
      edits.push({ at: left.end, to: right.start, text: ', ' });
      edits.push({ at: end, to: end, text: ')' });
    }
    const factors = isProduct(node as Node) && left && right;
    if (factors) {
      const sign = text.indexOf('*', left.end);
      edits.push({ at: sign, to: sign + 1, text: ',' });
      if (!isFactor) {
        edits.push({ at: start, to: start, text: 'product(' });
        edits.push({ at: end, to: end, text: ')' });
      }
    }
    for (const [key, child] of Object.entries(node)) {
      if (Array.isArray(child)) for (const each of child) visit(each);
      else visit(child, Boolean(factors) && key === 'left' && text[(child as Node).end] !== ')');
    }
  };
  visit(parse(text, { ecmaVersion: 2022 }));
  edits.reverse().sort((a, b) => b.at - a.at || b.to - a.to); // what is inside is replaced first
  return edits.reduce((whole, edit) => whole.slice(0, edit.at) + edit.text + whole.slice(edit.to), text);
}

/** How a driver may evaluate a comparison with NaN. */
const DRIVERS: Readonly<Record<string, (operator: string) => boolean>> = {
  'all comparisons with NaN hold': () => true,
  'no comparison with NaN holds': () => false,
  'a < b is not(a >= b)': (operator) => operator === '<' || operator === '<=',
  'a > b is not(a <= b)': (operator) => operator === '>' || operator === '>=',
};

/** A product as written. */
const inOrder = (...factors: number[]): number => factors.reduce((product, factor) => product * factor);

/** A product of float32 that begins at the last factor; subnormal results become 0. */
function fromTheLast(...factors: number[]): number {
  return factors.map(Math.fround).reduceRight((product, factor) => {
    const next = Math.fround(factor * product);
    return Math.abs(next) < 2 ** -126 ? 0 : next;
  });
}

/** The functions of the GPU backend on such a driver. Functions with a text in WGSL compute on bits: they are exact. */
function functionsOn(
  nanHolds: (operator: string) => boolean,
  product: (...factors: number[]) => number = inOrder,
): (text: string) => (...args: number[]) => number {
  const order = (operator: string, a: number, b: number): boolean => {
    if (Number.isNaN(a) || Number.isNaN(b)) return nanHolds(operator);
    return operator === '<' ? a < b : operator === '>' ? a > b : operator === '<=' ? a <= b : a >= b;
  };
  const exact = {
    isNan: (x: number) => Number(Number.isNaN(x)),
    withSign: (y: number, x: number) => (x < 0 || Object.is(x, -0) ? -Math.abs(y) : Math.abs(y)),
    relu: (x: number) => (x < 0 ? 0 : x),
    maximum: Math.max,
    minimum: Math.min,
    positivePower: Math.pow,
    circular: (x: number, turn: number) => (turn === 0 ? Math.sin(x) : Math.cos(x)),
  };
  for (const name of Object.keys(exact)) assert.ok(nativeText(name, 'wgsl') !== null, name);
  const translated = Object.entries(helpers).filter(([name]) => !Object.hasOwn(exact, name));
  const texts = translated.map(([name, { takes, body }]) =>
    withCalls(`function ${name}(${Object.keys(takes).join(', ')}) {\n${body}\n}`),
  );
  return (text) => {
    const body = `${texts.join('\n')}\nreturn (x, y) => ${withCalls(text)};`;
    const made = new Function('order', 'product', 'inf', 'nan', ...Object.keys(exact), body);
    return made(order, product, Number.POSITIVE_INFINITY, Number.NaN, ...Object.values(exact)) as never;
  };
}

for (const [driver, nanHolds] of Object.entries(DRIVERS)) {
  test(`NaN propagates if ${driver}`, () => {
    const functions = functionsOn(nanHolds);
    const lost: string[] = [];
    for (const name of Object.keys(unaryRows)) {
      const f = functions(unaryExpressions[name as keyof typeof unaryExpressions]);
      if (!Number.isNaN(f(Number.NaN))) lost.push(name);
    }
    const comparisons = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];
    for (const name of Object.keys(binaryRows).filter((key) => !comparisons.includes(key))) {
      const f = functions(binaryExpressions[name as keyof typeof binaryExpressions]);
      for (const other of [2, -2, 0.25]) {
        if (!Number.isNaN(f(Number.NaN, other))) lost.push(`${name}(NaN, ${other})`);
        const unused = name === 'leakyRelu' || name === 'elu' ? other > 0 : false; // the slope counts for x < 0
        if (!unused && !Number.isNaN(f(other, Number.NaN))) lost.push(`${name}(${other}, NaN)`);
      }
    }
    assert.equal(lost, []);
  });
}

test('an infinite factor gives NaN on no driver that multiplies in another order, unless reference does', () => {
  const functions = functionsOn(() => false, fromTheLast);
  const { kernels } = createReference();
  const extremes = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const others = [...extremes, 0, 0.25, -3, 70, -90, 130, -150, -199, -200, -355, 1e5, -1e5, 3e38, -3e38];
  const wrong: string[] = [];
  for (const [name, text] of Object.entries(binaryExpressions)) {
    const f = functions(text);
    for (const [x, y] of extremes.flatMap((e) => others.flatMap((o) => [[e, o] as const, [o, e] as const]))) {
      const operands = [x, y].map((v) => ({ values: Float32Array.of(v), shape: [1] }));
      const [right] = kernels.binary(name as 'add', operands[0]!, operands[1]!, [1]) as Float32Array;
      if (Number.isNaN(f(x, y)) && !Number.isNaN(right)) wrong.push(`${name}(${x}, ${y}) must be ${right}`);
    }
  }
  for (const [name, text] of Object.entries(unaryExpressions)) {
    for (const x of extremes) {
      const [right] = kernels.unary(name as 'exp', Float32Array.of(x)) as Float32Array;
      if (Number.isNaN(functions(text)(x)) && !Number.isNaN(right))
        wrong.push(`${name}(${x}) must be ${right}`);
    }
  }
  assert.equal(wrong, []);
});

/** What a webgpu kernel of gpu.js is made of, without a device. */
interface TextKernel {
  setupConstants(): void;
  setupArguments(args: readonly unknown[]): void;
  validateSettings(args: readonly unknown[]): void;
  translateSource(): void;
  computeParamsLayout(): unknown;
  assembleWGSL(): string;
  paramsLayout: unknown;
}

function wgslOf(program: Program): string {
  const source = sourceOf(program, 'Array', 'wgsl');
  const Kernel = (gpuJs as unknown as { WebGPUKernel: new (text: string, settings: object) => TextKernel })
    .WebGPUKernel;
  const argumentNames = Object.keys(source.argumentTypes);
  const argumentTypes = Object.values(source.argumentTypes);
  const kernel = new Kernel(source.text, { ...kernelSettings([1], source), argumentNames, argumentTypes });
  const args = [
    ...program.arrays.map(() => [0]),
    ...program.integers,
    ...program.numbers,
    ...source.specials,
  ];
  kernel.setupConstants();
  kernel.setupArguments(args);
  kernel.validateSettings(args);
  kernel.translateSource();
  kernel.paramsLayout = kernel.computeParamsLayout();
  return kernel.assembleWGSL();
}

const element = (name: string, expression: string): Program => ({
  name,
  arrays: ['x'],
  integers: [],
  numbers: [],
  body: `return ${expression};`,
});

test('relu, maximum, minimum and the test of NaN compare integers only', () => {
  for (const name of ['relu', 'maximum', 'minimum', 'isNan', 'withSign']) {
    const text = nativeText(name, 'wgsl')!;
    assert.not.match(text, /\b(max|min|clamp|step|sign|abs)\(/, name);
    for (const [, left] of text.matchAll(/(\w+)\)? (?:<|>|<=|>=) /g)) {
      assert.match(text, new RegExp(`(let ${left} : u32|0x7fffffffu)`), `${name}: ${left}`);
    }
    const args = Object.keys(helpers[name]!.takes).map(() => 'x[this.thread.x]');
    assert.ok(
      wgslOf(element(name, `${name}(${args.join(', ')})`)).includes(text),
      `${name} is in the shader`,
    );
  }
});

test('argmax, reductions and activations of products take NaN from bits', () => {
  const argmax = wgslOf(argmaxProgram(4));
  assert.match(argmax, /if \(\(fn_isNan\(user_value\)==1\.0\)\)/);
  const sizes = { batch: 1, m: 4, n: 4, k: 4, transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
  for (const activation of ['relu', 'sigmoid', 'tanh'] as const) {
    const { code } = registerProduct(sizes, { biased: true, activation });
    assert.not.match(code, /select\([^;]*\bv [<>]/, activation);
    assert.match(code, activation === 'relu' ? /bits <= minusInfinity/ : /let w = unlessNan\(v/);
  }
});

test('a divisor above 2¹²⁶ is scaled before the division', () => {
  const text = wgslOf(element('div', 'over(1.0, x[this.thread.x])'));
  assert.match(text, /\(user_a\/\(user_b\*user_scale\)\)\*user_scale/);
  assert.match(text, /select\(1\.0, 0\.25, \(abs\(user_b\)>4e\+37\)\)/);
});

test('a minus before a negative constant does not become a decrement', () => {
  for (const expression of ['x[0] - -0.95', 'x[0] - (-0.95)', '0.0 - -x[0]', '1.0 - -2.0 - -3.0']) {
    assert.not.match(wgslOf(element(expression, expression)), /--/, expression);
  }
});

test('another version of gpu.js is refused, and the error names what it lacks', () => {
  refuses(
    () => checkFields('a webgpu kernel', { build() {} }, ['build', 'outputBuffer', 'immutable']),
    'gpu: gpu.js has changed: a webgpu kernel lacks outputBuffer, immutable — run npm install gpu.js@2.24.1',
  );
  const nativeFunctions = [{ source: 'fn fn_relu(x : f32) -> f32 {}' }];
  const kernel = {
    constructor: { mode: 'webgpu' },
    fallbackReason: null,
    built: true,
    build() {},
    nativeFunctions,
  };
  checkNatives({ ...kernel, compiledSource: `…${nativeFunctions[0]!.source}…` });
  refuses(
    () => checkNatives({ ...kernel, compiledSource: 'fn main() {}' }),
    "gpu: gpu.js has changed: a shader lacks the function 'fn fn_relu' — run npm install gpu.js@2.24.1",
  );
});

test.run();
