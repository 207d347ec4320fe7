/** What a package needs before it can be published, beyond what the other checks look at. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './packages.js';

const FIELDS = [
  ...['description', 'keywords', 'author', 'license', 'files', 'publishConfig'],
  ...['repository', 'homepage', 'bugs'],
];
const FILES = ['README.md', 'LICENSE'];

/** The fields of package.json and the files that a package lacks. @param name - folder name below packages/ */
export function missingForPublishing(name: string): string[] {
  const folder = packageFolder(name);
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [
    ...FIELDS.filter((field) => manifest[field] === undefined),
    ...FILES.filter((file) => !existsSync(join(folder, file))),
  ];
}
