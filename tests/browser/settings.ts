/** The pages that are run, and their headers. */

export interface PageSetting {
  readonly name: string;
  /** File in pages/, without its extension. */
  readonly page: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Arguments of a separate browser for this page. */
  readonly browserArguments?: readonly string[];
  /** Console errors that are expected. */
  readonly allowedErrors?: RegExp;
}

/** Headers that allow a page to share memory with workers. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Matches Chromium's message about something that a policy refuses. */
const REFUSED = /Content Security Policy/;

/** Chromium without SSE 4.1, which WebAssembly SIMD needs. This setting exists for x86 processors only. */
const WITHOUT_SIMD: PageSetting = {
  name: 'wasm-no-simd',
  page: 'wasm-no-simd',
  headers: ISOLATED,
  browserArguments: ['--js-flags=--no-enable-sse4-1'],
};

export const SETTINGS: readonly PageSetting[] = [
  { name: 'wasm-isolated', page: 'wasm-isolated', headers: ISOLATED },
  { name: 'wasm-in-worker', page: 'wasm-in-worker', headers: ISOLATED },
  { name: 'wasm-not-isolated', page: 'wasm-not-isolated', headers: {} },
  {
    name: 'wasm-no-workers',
    page: 'wasm-no-workers',
    headers: { ...ISOLATED, 'content-security-policy': "worker-src 'none'" },
    allowedErrors: REFUSED,
  },
  {
    name: 'wasm-policy',
    page: 'wasm-policy',
    headers: {
      ...ISOLATED,
      'content-security-policy':
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; img-src data:",
    },
  },
  {
    name: 'wasm-refused',
    page: 'wasm-refused',
    headers: { ...ISOLATED, 'content-security-policy': "script-src 'self'" },
    allowedErrors: REFUSED,
  },
  ...(process.arch === 'x64' ? [WITHOUT_SIMD] : []),
  { name: 'gpu-webgpu', page: 'gpu-webgpu', headers: {} },
  {
    name: 'gpu-policy',
    page: 'gpu-policy',
    headers: { 'content-security-policy': "default-src 'none'; script-src 'self'; img-src data:" },
  },
  { name: 'gpu-none', page: 'gpu-none', headers: {} },
  { name: 'gpu-webgl2', page: 'gpu-webgl2', headers: {} },
];
