import type { EpochResult, Losses, Progress } from '@varigrad/vae';

/** Shows how a run is getting on: a bar that moves on a terminal, plain lines elsewhere. */
export interface Reporter {
  step(progress: Progress): void;
  epoch(result: EpochResult, epochs: number): void;
  /** Removes a half-drawn bar before other text is printed. */
  clear(): void;
}

/** @param out - where to write; a bar is drawn if it is a terminal */
export function createReporter(out: NodeJS.WriteStream): Reporter {
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
      out.write(`${epochLine(result, epochs)}\n`);
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

/** One line an epoch: train and test, nats per image. */
export function epochLine(r: EpochResult, epochs: number): string {
  const part = (name: string, l: Losses): string =>
    `${name} recon ${l.recon.toFixed(2)} + KL ${l.kl.toFixed(2)} = −ELBO ${l.loss.toFixed(2)}`;
  const speed = `${r.seconds.toFixed(1)} s, ${r.msPerStep.toFixed(1)} ms/step`;
  return `epoch ${String(r.epoch).padStart(String(epochs).length)}/${epochs}   ${part('train', r.train)}   ${part('test', r.test)}   (${speed})`;
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
