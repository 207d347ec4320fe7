/** Programs written in the page: modules that import the packages by name and run in the page. */
import { Tensor } from '@varigrad/core';
import { checkDrawable, type Graph, type Names, type RecordOptions, recordGraph } from '@varigrad/core/trace';
import { Module } from '@varigrad/nn';

/** A program that could not be run or traced. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  /** Line of the program, from 1; undefined if it is not known. */
  readonly line: number | undefined;

  constructor(what: string, line?: number) {
    super(line === undefined ? what : `line ${line}: ${what}`);
    this.line = line;
  }
}

/** The program's file name in traces and error messages. */
export const PROGRAM_FILE = 'program.js';

/** A module as `import` gives it. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Runs a program and traces the function that it exports.
 * @throws ProgramError with the cause and the line
 */
export async function runProgram(text: string): Promise<Graph> {
  return traceExports(await importText(text));
}

/** @throws ProgramError if there is no function to trace, or it throws, or it does not return a tensor */
export function traceExports({ default: f, model }: Exports): Graph {
  if (typeof f !== 'function') {
    throw new ProgramError('nothing to trace — end the program with: export default () => loss');
  }
  const options = model instanceof Module ? namesOf(model) : {};
  let graph: Graph;
  try {
    graph = recordGraph(() => resultOf(f()), options);
    checkDrawable('explorer', graph);
  } catch (error) {
    throw explained(error);
  }
  return graph;
}

function namesOf(model: Module): RecordOptions {
  const names: Names = model.namedParameters();
  return { names, modules: model.namedModules() };
}

function resultOf(result: unknown): Tensor {
  if (result instanceof Tensor) return result;
  if (result instanceof Promise) result.catch(() => {}); // the message below is shown, not the rejection
  const what = result instanceof Promise ? 'a promise' : result === null ? 'null' : typeof result;
  throw new ProgramError(`the exported function returns ${what}, not a tensor — return the loss`);
}

/** An error of the program with the line where it left the program. */
function explained(error: unknown): ProgramError {
  if (error instanceof ProgramError) return error;
  if (!(error instanceof Error)) return new ProgramError(`the program threw ${String(error)}`);
  const line = new RegExp(`${PROGRAM_FILE.replace('.', '\\.')}:(\\d+)`).exec(error.stack ?? '')?.[1];
  const kind = /^(Error|ProgramError)$/.test(error.name) ? '' : `${error.name}: `;
  return new ProgramError(`${kind}${error.message}`, line === undefined ? undefined : Number(line));
}

async function importText(text: string): Promise<Exports> {
  const named = `${text}\n//# sourceURL=${PROGRAM_FILE}`;
  const address = URL.createObjectURL(new Blob([named], { type: 'text/javascript' }));
  try {
    return await import(address);
  } catch (error) {
    if (error instanceof SyntaxError) throw await located(error, address);
    const unknown = /specifier [“"]([^”"]+)/.exec((error as Error).message ?? '')?.[1];
    if (unknown !== undefined) {
      const known =
        "'@varigrad/core', '@varigrad/core/trace', '@varigrad/nn' and '@varigrad/vae' can be imported";
      throw new ProgramError(`the module '${unknown}' is unavailable — ${known}`);
    }
    throw explained(error);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A syntax error with its line. Only the window's error event has the line, so the module is loaded once more. */
async function located(error: SyntaxError, address: string): Promise<ProgramError> {
  const line = await new Promise<number | undefined>((resolve) => {
    const script = document.createElement('script');
    const heard = (event: ErrorEvent): void => {
      event.preventDefault(); // it is shown in the page
      resolve(event.lineno || undefined);
    };
    window.addEventListener('error', heard, { once: true });
    const over = (): void => {
      window.removeEventListener('error', heard);
      script.remove();
      resolve(undefined);
    };
    script.type = 'module';
    script.src = address;
    script.addEventListener('load', over);
    script.addEventListener('error', over);
    document.head.append(script);
  });
  return new ProgramError(`SyntaxError: ${error.message}`, line);
}
