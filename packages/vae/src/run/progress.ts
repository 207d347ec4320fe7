/** The text of a run while it trains: a progress bar, one line per epoch, and the colours of both. */
import { styleText } from 'node:util';
import { describeExecution } from '../compiled.js';
import type { Losses } from '../meter.js';
import type { EpochResult, Progress } from '../train.js';

/** Shows the progress of a run: a moving bar on a terminal, plain lines elsewhere. */
export interface Reporter {
  step(progress: Progress): void;
  epoch(result: EpochResult, epochs: number): void;
  /** Removes an unfinished bar before other text is printed. */
  clear(): void;
}

/** Where text is written: `process.stdout`, or an object with the same methods. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, in characters. */
  readonly columns?: number;
  /** Bits of colour per character. */
  getColorDepth?(): number;
}

/** How the losses of an epoch are labelled. */
export interface Wording {
  /** Name of the data set that the second losses belong to. Default 'test'. */
  heldOut?: string;
  /** Whether the loss has the two parts of −ELBO. Default true. */
  hasBound?: boolean;
}

/** Adds a style to text, or returns the text unchanged where there is no colour. */
export type Paint = (style: 'bold' | 'dim' | 'cyan' | 'green' | 'red', text: string) => string;

const plain: Paint = (_, text) => text;

/**
 * Colour for an output. The environment variables FORCE_COLOR and NO_COLOR come first, in this order, then the abilities of the terminal;
 * other outputs have no colour.
 */
export function painter(out: Output): Paint {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  const isRefused = FORCE_COLOR !== undefined || (NO_COLOR !== undefined && NO_COLOR !== '');
  const hasColor = out.isTTY === true && (out.getColorDepth?.() ?? 1) > 1;
  if (!(isForced || (hasColor && !isRefused))) return plain;
  // Without the option, styleText asks process.stdout, which may be another output.
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** The text with escapes, `\\u001b`, in place of control characters and of those that turn the direction of writing. Names of files can have them. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A path as an argument of a command line that a user can copy: in quotation marks if a shell would change it. */
export function argumentOf(path: string): string {
  const word = path.startsWith('-') ? `./${path}` : path;
  if (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Text for an output: on a terminal, lines that are too long for it are broken between words. */
export function wrapped(text: string, out: Output): string {
  if (out.isTTY !== true) return text;
  const columns = out.columns || 80;
  const part = new RegExp(`(.{1,${columns}})(?: +|$)`, 'g');
  const fit = (line: string): string =>
    line.length <= columns ? line : line.replace(part, '$1\n').trimEnd();
  return text.split('\n').map(fit).join('\n');
}

/** @param out - where to write; a bar is drawn if it is a terminal */
export function createReporter(out: Output, wording: Wording = {}): Reporter {
  const terminal = out.isTTY === true;
  const paint = painter(out);
  let drawn = false;
  let said = '';
  const clear = (): void => {
    if (drawn) out.write('\r\x1b[2K');
    drawn = false;
  };
  return {
    step(progress) {
      if (!terminal) return;
      out.write(`\r\x1b[2K${progressLine(progress, out.columns || 80, paint)}`);
      drawn = true;
    },
    epoch(result, epochs) {
      clear();
      out.write(`${epochLine(result, epochs, wording, paint)}\n`);
      const { execution } = result;
      const text = execution === undefined ? '' : `Steps: ${describeExecution(execution)}.`;
      if (text !== said) out.write(`${paint('dim', wrapped(text, out))}\n`);
      said = text;
    },
    clear,
  };
}

/** `epoch 3/20 ██████░░░░ 61%  loss 109.42  5.9 ms/step  ETA 0:48`, narrower than the terminal. */
export function progressLine(p: Progress, columns: number, paint: Paint = plain): string {
  const done = p.step / p.stepsPerEpoch;
  const left = ((p.epochs - p.epoch + 1) * p.stepsPerEpoch - p.step) * p.msPerStep;
  const head = `epoch ${p.epoch}/${p.epochs} `;
  const tail = ` ${Math.floor(100 * done)}%  loss ${p.loss.toFixed(2)}  ${p.msPerStep.toFixed(1)} ms/step  ETA ${clock(left)}`;
  const width = Math.min(30, columns - head.length - tail.length - 1);
  if (width <= 0) return `${head}${tail}`.slice(0, Math.max(1, columns - 1));
  const full = Math.round(done * width);
  return `${head}${paint('cyan', '█'.repeat(full))}${paint('dim', '░'.repeat(width - full))}${tail}`;
}

/** Width of an epoch line, in characters: that of a standard terminal. */
const LINE_WIDTH = 80;

/**
 * `epoch  3/20  train 105.75  test 105.00 = recon 79.75 + KL 25.24  2.8 s`: mean losses in nats per image. The time is left out where
 * the line would be wider than 80 characters.
 */
export function epochLine(
  { epoch, train, test, seconds }: EpochResult,
  epochs: number,
  { heldOut = 'test', hasBound = true }: Wording = {},
  paint: Paint = plain,
): string {
  const head = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  const losses = `train ${train.loss.toFixed(2)}  ${heldOut} `;
  const loss = test.loss.toFixed(2);
  const parts = hasBound ? partsText(test) : '';
  const time = `  ${seconds.toFixed(1)} s`;
  const fits = `${head}  ${losses}${loss}${parts}${time}`.length <= LINE_WIDTH;
  return `${paint('dim', head)}  ${losses}${paint('bold', loss)}${parts}${fits ? paint('dim', time) : ''}`;
}

/** ` = recon 80.50 + KL 25.25`; in brackets if the loss is not their sum. */
function partsText(losses: Losses): string {
  const [recon, kl] = [losses.recon.toFixed(2), losses.kl.toFixed(2)];
  return isBound(losses) ? ` = recon ${recon} + KL ${kl}` : ` (recon ${recon}, KL ${kl})`;
}

/** `recon 80.50 + KL 25.25 = −ELBO 105.75`; followed by the loss if it differs, as with a weighted KL or in an IWAE. */
export function lossText(losses: Losses): string {
  const { loss, recon, kl } = losses;
  const other = isBound(losses) ? '' : `, loss ${loss.toFixed(2)}`;
  return `recon ${recon.toFixed(2)} + KL ${kl.toFixed(2)} = −ELBO ${(recon + kl).toFixed(2)}${other}`;
}

/** Whether the loss is −ELBO = recon + KL, to two decimals and the precision of float32. */
function isBound({ loss, recon, kl }: Losses): boolean {
  const bound = recon + kl;
  return Math.abs(loss - bound) < 0.005 + 1e-6 * Math.abs(bound);
}

/** `1 epoch`, `1,500 epochs`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
