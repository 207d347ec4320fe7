/** Rewrites one file forever with contents that show whether they are complete. atomic.test.ts kills this process. */
import { writeFileAtomic } from '@varigrad/vae/node';

const path = process.argv[2] as string;
for (let round = 0; ; round = (round + 1) % 10) {
  await writeFileAtomic(path, String(round).repeat(3_000_000 + round));
  if (round === 1) process.stdout.write('begun\n');
}
