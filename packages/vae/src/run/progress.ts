import type { Losses } from '../meter.js';
import type { EpochResult, Progress } from '../train.js';

/** Shows how a run is getting on: a bar that moves on a terminal, plain lines elsewhere. */
export interface Reporter {
  step(progress: Progress): void;
  epoch(result: EpochResult, epochs: number): void;
  /** Removes a half-drawn bar before other text is printed. */
  clear(): void;
}

/** Where text is written: `process.stdout`, or what stands in for it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, in characters. */
  readonly columns?: number;
  /** Bits of colour per character. */
  getColorDepth?(): number;
}

/** How an epoch's losses are worded. */
export interface Wording {
  /** What the losses beside those of training belong to. Default 'test'. */
  heldOut?: string;
  /** How the losses are written; default `lossText`. */
  losses?: (losses: Losses) => string;
}

/** @param out - where to write; a bar is drawn if it is a terminal */
export function createReporter(out: Output, wording: Wording = {}): Reporter {
  const terminal = out.isTTY === true;
  let drawn = false;
  const clear = (): void => {
    if (drawn) out.write('\r\x1b[2K');
    drawn = false;
  };
  return {
    step(progress) {
      if (!terminal) return;
      out.write(`\r\x1b[2K${progressLine(progress, out.columns || 80)}`);
      drawn = true;
    },
    epoch(result, epochs) {
      clear();
      out.write(`${epochLine(result, epochs, wording)}\n`);
    },
    clear,
  };
}

/** `epoch 3/20 ██████░░░░ 61%  loss 109.42  5.9 ms/step  ETA 0:48`, no wider than the terminal. */
export function progressLine(p: Progress, columns: number): string {
  const done = p.step / p.stepsPerEpoch;
  const left = ((p.epochs - p.epoch + 1) * p.stepsPerEpoch - p.step) * p.msPerStep;
  const head = `epoch ${p.epoch}/${p.epochs} `;
  const tail = ` ${Math.floor(100 * done)}%  loss ${p.loss.toFixed(2)}  ${p.msPerStep.toFixed(1)} ms/step  ETA ${clock(left)}`;
  const width = Math.max(0, Math.min(30, columns - head.length - tail.length - 1));
  const full = Math.round(done * width);
  return `${head}${'█'.repeat(full)}${'░'.repeat(width - full)}${tail}`.slice(0, Math.max(1, columns - 1));
}

/** One line an epoch: losses on training and held-out images, nats per image. */
export function epochLine(
  r: EpochResult,
  epochs: number,
  { heldOut = 'test', losses = lossText }: Wording = {},
): string {
  const speed = `${r.seconds.toFixed(1)} s, ${r.msPerStep.toFixed(1)} ms/step`;
  return `epoch ${String(r.epoch).padStart(String(epochs).length)}/${epochs}   train ${losses(r.train)}   ${heldOut} ${losses(r.test)}   (${speed})`;
}

/** `recon 80.50 + KL 25.25 = −ELBO 105.75`; and the loss where it is something else: with another weight of the KL, or of an IWAE. */
export function lossText({ loss, recon, kl }: Losses): string {
  const bound = recon + kl;
  const other = Math.abs(loss - bound) < 0.005 + 1e-6 * Math.abs(bound) ? '' : `, loss ${loss.toFixed(2)}`;
  return `recon ${recon.toFixed(2)} + KL ${kl.toFixed(2)} = −ELBO ${bound.toFixed(2)}${other}`;
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
