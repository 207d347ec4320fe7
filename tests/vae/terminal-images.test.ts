/** Images as text of a terminal. */
import { terminalImages } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

test('a preview has two pixels per character', () => {
  const picture = Float32Array.of(0, 1, 1, 0, 0.5, 0.5); // 3 × 2
  const esc = '\u001b[';
  assert.is(
    terminalImages(picture, { imageShape: [3, 2] }),
    [
      `${esc}38;2;0;0;0;48;2;255;255;255m▀${esc}38;2;255;255;255;48;2;0;0;0m▀${esc}0m`,
      `${esc}38;2;128;128;128;48;2;0;0;0m▀${esc}38;2;128;128;128;48;2;0;0;0m▀${esc}0m`,
    ].join('\n'),
  );
  const small = terminalImages(Float32Array.of(0, 1), { imageShape: [2, 1], depth: 8 });
  assert.is(small, `${esc}38;5;16;48;5;231m▀${esc}0m`);
  assert.is(terminalImages(new Float32Array(12), { imageShape: [2, 2], columns: 2 }).split('\n').length, 2);
  refuses(
    () => terminalImages(new Float32Array(3), { imageShape: [2, 2] }),
    'terminalImages: 3 values are not a whole number of 2 × 2 images',
  );
});

test.run();
