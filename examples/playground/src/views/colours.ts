/** Colours of classes and of continuous factors, readable on light and dark grounds. */

const CLASSES = [
  '#4e79a7',
  '#f28e2b',
  '#e15759',
  '#76b7b2',
  '#59a14f',
  '#d4a90f',
  '#b07aa1',
  '#ff7f9d',
  '#9c755f',
  '#7f8c99',
];

export function classColour(label: number): string {
  return CLASSES[label % CLASSES.length]!;
}

/** Blue for the smallest value, through grey, to orange for the largest. @param part - from 0 to 1 */
export function factorColour(part: number): string {
  return `hsl(${part < 0.5 ? 212 : 28} ${Math.round(Math.abs(part - 0.5) * 180)}% ${50 + Math.round(10 * (0.5 - Math.abs(part - 0.5)))}%)`;
}
