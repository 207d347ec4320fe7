import * as assert from 'uvu/assert';

/** Asserts that `f` throws an error with exactly this message. (uvu takes a string as its own message, not the error's.) */
export function refuses(f: () => unknown, message: string): void {
  let refusal: unknown;
  try {
    f();
  } catch (error) {
    refusal = error;
  }
  assert.instance(refusal, Error, `no error was thrown, expected: ${message}`);
  assert.is((refusal as Error).message, message);
}

/** Asserts that a promise is rejected with an error of exactly this message. */
export async function refusesLater(promise: Promise<unknown>, message: string): Promise<void> {
  const found = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  refuses(() => {
    if (found !== undefined) throw found;
  }, message);
}
