/** Sentences about the images of a run. */
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { visible } from './progress.js';

/** Classes without images, and images that are all alike. */
export function describeContents(data: Dataset): string[] {
  const present = new Set(data.labels);
  const missing = Array.from({ length: data.classes }, (_, label) => label).filter(
    (label) => !present.has(label),
  );
  const pixels = pixelsOf(data);
  const isLikeFirst = data.images.every((value, i) => value === data.images[i % pixels]);
  return [
    ...(missing.length === 0
      ? []
      : [
          `No training image of class ${listed(missing.map(String))}: ${data.classes} classes are counted, from 0.`,
        ]),
    ...(isLikeFirst && data.count > 1 ? [`All ${data.count} images are alike.`] : []),
  ];
}

/** The first names. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 3).map(visible).join(', ');
  return names.length > 3 ? `${first}, …` : first;
}
