/** The state as the part of the page's address after #, so that a link shows the same view. */
import type { State } from './state.js';

/** `preset=vae-step&step=12&focus=8&collapsed=decoder,encoder` */
export function encodeState({ preset, step, focus, collapsed, program }: State): string {
  const parts = [
    `preset=${encodeURIComponent(preset)}`,
    ...(step === 0 ? [] : [`step=${step}`]),
    ...(focus === null ? [] : [`focus=${focus}`]),
    ...(collapsed.length === 0 ? [] : [`collapsed=${collapsed.map(encodeURIComponent).join(',')}`]),
    ...(program === '' ? [] : [`program=${encodeURIComponent(program)}`]),
  ];
  return parts.join('&');
}

/** The state in an address; missing and invalid parts are those of the start of `fallback`. */
export function decodeState(hash: string, fallback: string): State {
  const params = new Map(
    hash
      .replace(/^#/, '')
      .split('&')
      .map((part) => {
        const [key = '', ...rest] = part.split('=');
        return [key, rest.join('=')] as const;
      }),
  );
  return {
    preset: decoded(params.get('preset')) || fallback,
    step: wholeNumber(params.get('step')) ?? 0,
    focus: wholeNumber(params.get('focus')) ?? null,
    collapsed: (params.get('collapsed') ?? '')
      .split(',')
      .map(decoded)
      .filter((module) => module !== '')
      .sort(),
    program: decoded(params.get('program')),
  };
}

/** Percent-decoded text; unchanged if the encoding is invalid. */
function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wholeNumber(text = ''): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
