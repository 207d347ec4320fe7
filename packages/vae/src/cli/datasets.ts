/** `varigrad datasets`. */
import { existsSync } from 'node:fs';
import { folderOf, NAMED_DATA } from '../run/named-data.js';
import { refuseExtraWords } from '../run/usage-error.js';
import type { Command } from './command.js';

/** The data sets with names, and whether their folders are there. */
function listed() {
  return Object.entries(NAMED_DATA).map(([name, { noun: _, isPrepared: __, ...facts }]) => ({
    name,
    ...facts,
    folder: folderOf(name),
    isThere: existsSync(folderOf(name)),
  }));
}

export const datasets: Command = {
  summary: 'list the data sets that --data knows by name',
  usage: '',
  options: {},
  notes: 'Nothing is downloaded. Any other data set is named by its folder or file.',
  async run({ words }, { out }) {
    refuseExtraWords(words, 0);
    const datasets = listed();
    for (const { name, title, train, test, imageShape, classes, folder, isThere, source, files } of datasets)
      out.write(
        [
          `${name}: ${title}, ${train.toLocaleString('en')} for training and ${test.toLocaleString('en')} for testing`,
          `  images ${imageShape.join(' × ')}, ${classes === 0 ? 'no classes' : `${classes} classes`}`,
          `  from ${source}`,
          `  in ${folder}/${isThere ? ' (is there)' : ''}: ${files}\n\n`,
        ].join('\n'),
      );
    return { datasets };
  },
};
