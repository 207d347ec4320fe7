/** Calls functions of shared libraries: by `node:ffi` where Node has it, else by the package koffi. */
import { BackendError } from './errors.js';

/** Result of the functions that are called by their name; they take at most one integer. */
type ResultType = 'int32' | 'string' | 'pointer';

/** An open library. */
export interface OpenLibrary {
  has(symbol: string): boolean;
  /** Calls a function. A pointer is read as the address of three 32-bit integers. */
  call(symbol: string, result: 'string', ...args: number[]): string;
  call(symbol: string, result: 'int32', ...args: number[]): number;
  call(symbol: string, result: 'pointer', ...args: number[]): number[];
  close(): void;
  /** The address of a symbol. */
  addressOf(symbol: string): bigint;
  /** A function that returns a 32-bit integer. Pointers are passed as addresses. */
  bind(symbol: string, parameters: readonly ('int' | 'pointer')[]): (...args: (number | bigint)[]) => number;
}

/** A way to call libraries. */
export interface Ffi {
  readonly name: 'node:ffi' | 'koffi';
  /** Whether worker threads can use it: koffi has ended processes with workers. */
  readonly inWorkers: boolean;
  /** @throws Error with the loader's words */
  open(path: string): OpenLibrary;
  /** Evaluates a text that uses `require`, which finds this FFI. */
  evaluate(text: string): unknown;
  /** The text of an expression for the FFI itself. */
  readonly required: string;
  /** The address of an array's memory. */
  address(view: ArrayBufferView): bigint;
}

/** The part of `node:ffi` that is used. Its signature keys were renamed; objects with both pairs suit all versions. */
interface NodeFfi {
  dlopen(path: string, definitions?: Record<string, object>): NodeLibrary;
  toString(pointer: bigint): string;
  getRawPointer(view: ArrayBufferView): bigint;
  getInt32(pointer: bigint, offset: number): number;
}

interface NodeLibrary {
  readonly lib: {
    close(): void;
    getSymbol(name: string): bigint;
    getFunction(name: string, signature: object): Call;
  };
}

type Call = (...args: (number | bigint)[]) => unknown;

/** The part of koffi that is used. */
interface Koffi {
  load(path: string): {
    func(name: string, result: string, parameters: string[]): Call;
    symbol(name: string, type: string): object;
    unload(): void;
  };
  address(pointer: object): bigint;
  decode(pointer: unknown, type: string, length: number): ArrayLike<number>;
}

/** A signature of `node:ffi` in its present keys and in those of its first releases. */
export const SIGNATURE = `(result, parameters) => ({ return: result, arguments: parameters, result, parameters })`;

function signature(result: string, parameters: string[]): object {
  return { return: result, arguments: parameters, result, parameters };
}

const KOFFI_VERSION = '3.3.4';

/**
 * @param op - the caller, for messages
 * @param fix - what to do where libraries cannot be called
 * @throws BackendError if this host has neither, or the caller is not the main thread
 */
export function findFfi(op: string, fix: { otherwise: string; inWorkers: string }): Ffi {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') {
    throw new BackendError(op, `libraries can be called on Node only, found a browser — ${fix.otherwise}`);
  }
  const other = (['bun', 'deno'] as const).find((name) => process.versions[name] !== undefined);
  if (other !== undefined) {
    throw new BackendError(op, `libraries can be called on Node only, found ${other} — ${fix.otherwise}`);
  }
  if (!process.getBuiltinModule('node:worker_threads').isMainThread)
    throw new BackendError(op, fix.inWorkers);
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const vm = process.getBuiltinModule('node:vm');
  const evaluate = (text: string): unknown => vm.runInThisContext(`(require) => ${text}`)(require);
  const refusals: string[] = [];
  for (const find of [nodeFfi, koffi]) {
    try {
      return { ...find(require), evaluate };
    } catch (error) {
      refusals.push((error as Error).message.split('\n')[0]!);
    }
  }
  throw new BackendError(op, `libraries cannot be called:\n- ${refusals.join('\n- ')}`);
}

type Found = Omit<Ffi, 'evaluate'>;

function nodeFfi(): Found {
  const ffi = process.getBuiltinModule('node:ffi') as unknown as NodeFfi | undefined;
  if (ffi === undefined)
    throw new Error(`node:ffi: Node ${process.version} does not offer it — use Node 26 or newer`);
  if (process.permission !== undefined && !process.permission.has('ffi')) {
    throw new Error('node:ffi: the permission model forbids it — add --allow-ffi');
  }
  return {
    name: 'node:ffi',
    inWorkers: true,
    required: `require('node:ffi')`,
    address: (view) => ffi.getRawPointer(view),
    open(path) {
      const { lib } = ffi.dlopen(path);
      const call = (symbol: string, result: ResultType, ...args: number[]): never => {
        const type = result === 'int32' ? 'i32' : 'pointer';
        const found = lib.getFunction(
          symbol,
          signature(
            type,
            args.map(() => 'i32'),
          ),
        )(...args);
        if (result === 'string') return ffi.toString(found as bigint) as never;
        if (result === 'pointer') return [0, 4, 8].map((at) => ffi.getInt32(found as bigint, at)) as never;
        return found as never;
      };
      return {
        has: (symbol) => succeeds(() => lib.getSymbol(symbol)),
        call,
        close: () => lib.close(),
        addressOf: (symbol) => lib.getSymbol(symbol),
        bind(symbol, parameters) {
          const types = parameters.map((type) => (type === 'int' ? 'i32' : 'pointer'));
          const found = lib.getFunction(symbol, signature('i32', types));
          return (...args) =>
            found(...args.map((arg, i) => (types[i] === 'pointer' ? BigInt(arg) : arg))) as number;
        },
      };
    },
  };
}

function koffi(require: NodeJS.Require): Found {
  let module: Koffi;
  try {
    module = require('koffi') as Koffi;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED' || /addons is disabled/.test(message))
      throw new Error('koffi: the permission model forbids addons — add --allow-addons');
    throw new Error(
      `koffi: ${code === 'MODULE_NOT_FOUND' ? `it is not installed — run npm install koffi@${KOFFI_VERSION}` : message}`,
    );
  }
  const types = { int32: 'int', string: 'str', pointer: 'void *' } as const;
  return {
    name: 'koffi',
    inWorkers: false,
    required: `require('koffi')`,
    address: (view) => module.address(view),
    open(path) {
      const lib = module.load(path);
      const bound = (symbol: string, result: ResultType, args: number[]): Call =>
        lib.func(
          symbol,
          types[result],
          args.map(() => 'int'),
        );
      const call = (symbol: string, result: ResultType, ...args: number[]): never => {
        const found = bound(symbol, result, args)(...args);
        return (result === 'pointer' ? Array.from(module.decode(found, 'int', 3)) : found) as never;
      };
      return {
        has: (symbol) => succeeds(() => bound(symbol, 'int32', [])),
        call,
        close: () => lib.unload(),
        addressOf: (symbol) => module.address(lib.symbol(symbol, 'void')),
        bind: (symbol, parameters) =>
          lib.func(
            symbol,
            'int',
            parameters.map((type) => (type === 'int' ? 'int' : 'uintptr_t')),
          ) as (...args: (number | bigint)[]) => number,
      };
    },
  };
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
