/** Adds overlapping windows into images: the transpose of the window view of a convolution. */
import { setWord, word } from './control';

/** The first parameter word of `setOverlap`'s numbers. */
const FIRST = 4;

/** Sets batch and channels; height and width of an image and of the kernel; strides; dilations; windows down and across. */
export function setOverlap(
  batch: usize, channels: usize, height: usize, width: usize, kernelDown: usize, kernelAcross: usize, strideDown: usize,
  strideAcross: usize, dilationDown: usize, dilationAcross: usize, countDown: usize, countAcross: usize,
): void {
  setWord(FIRST, batch); setWord(FIRST + 1, channels); setWord(FIRST + 2, height); setWord(FIRST + 3, width);
  setWord(FIRST + 4, kernelDown); setWord(FIRST + 5, kernelAcross); setWord(FIRST + 6, strideDown);
  setWord(FIRST + 7, strideAcross); setWord(FIRST + 8, dilationDown); setWord(FIRST + 9, dilationAcross);
  setWord(FIRST + 10, countDown); setWord(FIRST + 11, countAcross);
}

/** Computes planes `from` to `to`. Planes are numbered channel · batch + image, so that the windows of consecutive planes are adjacent in memory. */
export function overlapAdd(out: usize, x: usize, from: usize, to: usize): void {
  const batch = word(FIRST);
  const channels = word(FIRST + 1);
  const plane = word(FIRST + 2) * word(FIRST + 3) << 2;
  for (let i = from; i < to; i++) {
    const channel = i / batch;
    const image = i % batch;
    const target = out + (image * channels + channel) * plane;
    memory.fill(target, 0, plane);
    addWindows(target, x, channel, image, batch);
  }
}

function addWindows(target: usize, x: usize, channel: usize, image: usize, batch: usize): void {
  const kernelDown = word(FIRST + 4);
  const kernelAcross = word(FIRST + 5);
  const countDown = word(FIRST + 10);
  const countAcross = word(FIRST + 11);
  const row = word(FIRST + 3) << 2;
  const rowStep = word(FIRST + 6) * row;
  const step = word(FIRST + 7) << 2;
  for (let i: usize = 0; i < kernelDown; i++) {
    for (let j: usize = 0; j < kernelAcross; j++) {
      let to = target + i * word(FIRST + 8) * row + (j * word(FIRST + 9) << 2);
      let from = x + (((channel * kernelDown + i) * kernelAcross + j) * batch + image) * countDown * countAcross * 4;
      for (let p: usize = 0; p < countDown; p++) {
        addRow(to, from, countAcross, step);
        to += rowStep;
        from += countAcross << 2;
      }
    }
  }
}

@inline
function addRow(to: usize, from: usize, count: usize, step: usize): void {
  for (let q: usize = 0; q < count; q++) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += step;
    from += 4;
  }
}
