/**
 * Interrupts `varigrad train` at random moments, by signals, closed outputs, full disks and limits of the file size, and resumes it.
 * After each interruption every file must be complete. Each run must end as one without interruptions, byte for byte. Then pairs of
 * trainings start at the same moment.
 *
 *   npm run test:interruptions                   100 interruptions and 10 pairs
 *   npm run test:interruptions -- 20 4           fewer of both
 *
 * The last line is `N passed, N failed`.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Generator } from '@varigrad/core';
import { writeIdxFolder } from '../vae/cli-calls.js';
import { kindsOf, mountSmallDisk } from './kinds.js';
import { checkAlike, checkFiles } from './run-files.js';
import { type Ended, startTraining } from './train-process.js';

const [interruptions = 100, pairs = 10] = process.argv.slice(2).map(Number);
const scratch = mkdtempSync(join(tmpdir(), 'varigrad-interruptions-'));
const data = writeIdxFolder(join(scratch, 'quarters'), { train: 240 });
const OPTIONS = `--data ${data} --hidden 12 --latent 3 --batch 4 --validation 40 --epochs 12`.split(' ');
const random = new Generator(1);
/** A number in [0, below). */
const upTo = (below: number): number => ((random.words(1)[0] as number) / 2 ** 32) * below;

let failed = 0;
async function report(name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n${(error as Error).message.replace(/^/gm, '      ')}`);
  }
}

async function finished(ended: Promise<Ended>): Promise<Ended> {
  const result = await ended;
  if (result.code !== 0) throw new Error(`exit code ${result.code}: ${result.out}${result.err}`);
  return result;
}

const straight = join(scratch, 'straight');
const uninterrupted = startTraining([...OPTIONS, '--out', straight]);
await uninterrupted.trains;
const started = performance.now();
await finished(uninterrupted.ended);
const length = performance.now() - started;

const disk = join(scratch, 'disk');
const unmount = mountSmallDisk(disk);
if (unmount === undefined)
  console.log('A small disk cannot be mounted here: the limit of the file size stands for it.');
const checkpoint = statSync(join(straight, 'checkpoint.safetensors')).size;
const kinds = kindsOf(unmount && disk, Math.floor(checkpoint / 1024) - 1);
const place = unmount === undefined ? scratch : disk;

let run = join(place, 'run-1');
let runs = 1;
let isStarted = false;
/** Compares a run that has ended, and begins another one. */
function compare(): void {
  checkFiles(run);
  checkAlike(run, straight);
  rmSync(run, { recursive: true });
  run = join(place, `run-${++runs}`);
  isStarted = false;
}

for (let n = 1; n <= interruptions; n++) {
  const kind = kinds[n % kinds.length]!;
  const moment = upTo(0.7 * length);
  await report(
    `${n}: ${kind.name}, ${moment.toFixed(0)} ms after the start of ${run.slice(place.length + 1)}`,
    async () => {
      const args = isStarted ? ['--resume', run] : [...OPTIONS, '--out', run];
      const program = startTraining(args, { fileLimit: kind.fileLimit });
      await program.trains;
      await Promise.race([wait(moment), program.ended]);
      kind.interrupt(program);
      const ended = await program.ended;
      kind.repair?.();
      isStarted = existsSync(join(run, 'config.json'));
      kind.check(ended);
      checkFiles(run);
      if (ended.out.includes('Done.')) compare();
    },
  );
}
await report('the last run ends as one without interruptions', async () => {
  if (isStarted) {
    await finished(startTraining(['--resume', run]).ended);
    compare();
  }
});

for (let n = 1; n <= pairs; n++) {
  const cwd = join(scratch, `pair-${n}`);
  mkdirSync(cwd);
  const named = n % 2 === 0;
  await report(
    `${n}: two trainings at once, ${named ? 'with the same --out' : 'without --out'}`,
    async () => {
      const args = named ? [...OPTIONS, '--out', 'same'] : OPTIONS;
      const first = startTraining(args, { cwd });
      await wait(n % 4 < 2 ? 0 : upTo(200));
      const ends = await Promise.all([first.ended, startTraining(args, { cwd }).ended]);
      const codes = ends.map(({ code }) => code).sort();
      const said = ends.map(({ out, err }) => `${out}${err}`).join('\n');
      if (named) {
        if (codes.join() !== '0,2' && codes.join() !== '0,1')
          throw new Error(`exit codes ${codes}:\n${said}`);
        checkAlike(join(cwd, 'same'), straight);
      } else {
        if (codes.join() !== '0,0') throw new Error(`exit codes ${codes}:\n${said}`);
        const folders = readdirSync(join(cwd, 'runs'));
        if (folders.length !== 2) throw new Error(`the folders are ${folders.join(', ')}`);
        for (const folder of folders) checkAlike(join(cwd, 'runs', folder), straight);
      }
    },
  );
}

unmount?.();
rmSync(scratch, { recursive: true });
const total = interruptions + 1 + pairs;
console.log(`\n${runs - 1} interrupted runs ended as the one without interruptions.`);
console.log(`${total - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
