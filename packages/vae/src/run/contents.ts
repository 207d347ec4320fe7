/** Sentences about the images of a run. */
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { visible } from './progress.js';

/** Images that are not brighter were probably stored with another range of values. */
const DARK = 0.005;

/** Classes without images, and images that are all alike or almost black. @param noun - what one of them is called */
export function describeContents(data: Dataset, noun = 'image'): string[] {
  const present = new Set(data.labels);
  const missing = Array.from({ length: data.classes }, (_, label) => label).filter(
    (label) => !present.has(label),
  );
  const pixels = pixelsOf(data);
  const isLikeFirst = data.images.every((value, i) => value === data.images[i % pixels]);
  const isDark = data.standardization === undefined && data.images.every((value) => value < DARK);
  const brightest = isDark ? data.images.reduce((most, value) => Math.max(most, value)) : 1;
  return [
    ...(missing.length === 0
      ? []
      : [
          `No training ${noun} of class ${listed(missing.map(String))}: ${data.classes} classes are counted, from 0.`,
        ]),
    ...(isLikeFirst && data.count > 1 ? [`All ${data.count} ${noun}s are alike.`] : []),
    ...(isDark && brightest > 0
      ? [
          `The brightest pixel is ${Number(brightest.toPrecision(2))}, and white is 1: integers are read as 0 to 255, and so are floats if one exceeds 1.`,
        ]
      : []),
  ];
}

/** The first names. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 3).map(visible).join(', ');
  return names.length > 3 ? `${first}, …` : first;
}
