import type { Check } from './checks.js';
import type { Outcome } from './outcome.js';
import type { Row } from './rows.js';

/** The comparison as a Markdown table; a row outside its tolerance is marked. */
export function outcomeTable(outcomes: readonly (readonly [Row, Outcome])[]): string {
  const head =
    '| model | targets | −ELBO, reference | ours | recon + KL | active units | NLL, reference | ours | wall time |';
  const lines = outcomes.map(([row, outcome]) => {
    const { reference, tolerance } = row;
    const inside = Math.abs(bound(outcome) - reference.loss) <= tolerance;
    const cells = [
      row.title,
      row.targets,
      `${reference.loss} ± ${tolerance}`,
      `${inside ? '' : '✗ '}**${bound(outcome).toFixed(1)}**`,
      `${outcome.recon.toFixed(1)} + ${outcome.kl.toFixed(1)}`,
      reference.active === undefined ? `${outcome.active}` : `${outcome.active} (${reference.active})`,
      reference.nll === undefined ? '' : String(reference.nll),
      outcome.nll === undefined ? '' : outcome.nll.toFixed(1),
      `${outcome.seconds.toFixed(0)} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `${[head, head.replace(/[^|]+/g, '---'), ...lines].join('\n')}\n`;
}

/** −ELBO with one sample. For an IWAE it differs from the loss, which is a tighter bound. */
export function bound({ recon, kl }: Outcome): number {
  return recon + kl;
}

/** The checks of the pictures as a Markdown table. */
export function checkTable(checks: readonly Check[]): string {
  const head = '| what | reference | required | here |';
  const lines = checks.map(
    ({ what, reference, required, found, ok }) =>
      `| ${what} | ${reference} | ${required} | ${ok ? '' : '✗ '}**${found}** |`,
  );
  return `${[head, '|---|---|---|---|', ...lines].join('\n')}\n`;
}
