/** A 5 × 7 pixel font, drawn for this library: each glyph is seven rows of five dots. */

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;

/** Rows from top to bottom, each as one base-32 digit (0 … v) whose highest bit is the left dot. */
const GLYPHS: Readonly<Record<string, string>> = {
  ' ': '0000000', '!': '4444404', '"': 'aa00000', '#': 'aavavaa', $: '4fke5u4', '%': 'op248j3', '&': '8kk8lid',
  "'": '4400000', '(': '2488842', ')': '8422248', '*': '0kelek0', '+': '044v440', ',': '0000448', '-': '000v000',
  '.': '0000044', '/': '0124800', '0': 'ehjlphe', '1': '4c4444e', '2': 'eh1248v', '3': 'v2421he', '4': '26aiv22',
  '5': 'vgu11he', '6': '68guhhe', '7': 'v124888', '8': 'ehhehhe', '9': 'ehhf12c', ':': '0440440', ';': '0440448',
  '<': '248g842', '=': '00v0v00', '>': '8421248', '?': 'eh12404', '@': 'eh1dlle',
  A: 'ehhvhhh', B: 'uhhuhhu', C: 'ehgggge', D: 'sihhhis', E: 'vggsggv', F: 'vggsggg', G: 'ehgjhhf', H: 'hhhvhhh',
  I: 'e44444e', J: '72222ic', K: 'hikokih', L: 'ggggggv', M: 'hrllhhh', N: 'hhpljhh', O: 'ehhhhhe', P: 'uhhuggg',
  Q: 'ehhhlid', R: 'uhhukih', S: 'fgge11u', T: 'v444444', U: 'hhhhhhe', V: 'hhhhha4', W: 'hhhllla', X: 'hha4ahh',
  Y: 'hhha444', Z: 'v1248gv', '[': 'e88888e', '\\': '0g84210', ']': 'e22222e', '^': '4ah0000', _: '000000v',
  '`': '8420000', a: '00e1fhf', b: 'ggmphhu', c: '00eggge', d: '11djhhf', e: '00ehvge', f: '69sc888', g: '00fhf1e',
  h: 'ggmphhh', i: '40c444e', j: '206222c', k: 'ggikoki', l: 'c44444e', m: '00qllhh', n: '00mphhh', o: '00ehhhe',
  p: '00uhugg', q: '00djf11', r: '00mpggg', s: '00ege1u', t: '88s8896', u: '00hhhjd', v: '00hhha4', w: '00hhlla',
  x: '00ha4ah', y: '00hhf1e', z: '00v248v', '{': '2448442', '|': '4444444', '}': '8442448', '~': '008l200',
  '−': '000v000', '·': '0004000', '…': '00000l0', '×': '00ha4ah',
};

/** Whether the glyph of `character` has a dot at a place; an unknown character shows as a box. */
export function hasDot(character: string, row: number, column: number): boolean {
  const rows = GLYPHS[character] ?? 'vhhhhhv';
  return ((Number.parseInt(rows[row] ?? '0', 32) >> (GLYPH_WIDTH - 1 - column)) & 1) === 1;
}
