/** Refuses long files, import cycles, imports against vae → nn → core or between parts of a model, and too many casts to number. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findCycles,
  findPartImports,
  findUpwardImports,
  type ImportGraph,
  readImports,
} from './import-graph.js';

const FOLDERS = ['packages', 'examples', 'benchmarks', 'scripts', 'docs', 'site'];
const MOST_LINES = 300;
const MOST_CASTS = 40;

const SOURCE = /\.(ts|mts|mjs|js|css|html|py)$/;
const MODULE = /\.(ts|mts|mjs|js)$/;
const GENERATED = /\.generated\./;
/** Lessons may be longer: each is read from top to bottom in one file. */
const LESSONS = /^examples\/lessons\//;

/** The source files of the checked folders: tracked files, and untracked files that are not ignored. */
function sourceFiles(root: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...FOLDERS];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  const deleted = execFileSync('git', ['ls-files', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\n');
  return listed.filter((path) => SOURCE.test(path) && !GENERATED.test(path) && !deleted.includes(path));
}

/** The faults in the structure of the repository `root`, one per line. */
export function findStructureFaults(root: string): string[] {
  const paths = sourceFiles(root);
  if (paths.length === 0) return [`no source file in ${FOLDERS.join(', ')}`];
  const modules = paths.filter((path) => MODULE.test(path));
  const graph = readImports(root, modules);
  return [
    ...findLongFiles(root, paths),
    ...findCycles(graph).flatMap((group) => describeCycle(graph, group)),
    ...findUpwardImports(graph).map((edge) => `import against vae → nn → core: ${edge}`),
    ...findPartImports(graph).map((edge) => `import between likelihoods, posteriors and priors: ${edge}`),
    ...findCasts(root, modules),
  ];
}

function findLongFiles(root: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (LESSONS.test(path)) return [];
    const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    return lines > MOST_LINES ? [`${path} has ${lines} lines, at most ${MOST_LINES} are allowed`] : [];
  });
}

/** The files of a cycle, each with its imports inside the cycle. */
function describeCycle(graph: ImportGraph, group: readonly string[]): string[] {
  const edges = group.map((path) => {
    const inside = graph.get(path)!.filter((target) => group.includes(target));
    return `  ${path} → ${inside.join(', ')}`;
  });
  return [`import cycle of ${group.length} files:`, ...edges];
}

function findCasts(root: string, paths: readonly string[]): string[] {
  const counts = paths.map((path): [string, number] => [
    path,
    (readFileSync(join(root, path), 'utf8').match(/\bas\s+number\b(?!\[)/g) ?? []).length,
  ]);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  if (total <= MOST_CASTS) return [];
  const offenders = counts.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  return [
    `${total} casts to number, at most ${MOST_CASTS} are allowed:`,
    ...offenders.map(([path, count]) => `  ${count} in ${path}`),
  ];
}
