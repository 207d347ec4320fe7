import { type NativeBackend, type NativeOptions, native } from '@varigrad/core/native';
import { test } from 'uvu';

/** The native backend, or undefined if this machine lacks a library or a way to call it; the reason is printed. */
export async function nativeHere(options: NativeOptions = {}): Promise<NativeBackend | undefined> {
  try {
    return await native(options);
  } catch (error) {
    console.log(`left out: tests of native products: ${(error as Error).message.replaceAll('\n', ' ')}`);
    return undefined;
  }
}

/** `test` if it is possible here, else `test.skip`. */
export const testIf = (possible: boolean): typeof test.skip => (possible ? test : test.skip);
