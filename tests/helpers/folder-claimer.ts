/** Locks a folder, prints "locked" or the error, and holds the lock until it is killed or its input ends. */
import { lockFolder } from '../../packages/vae/src/files/folder-lock.js';

const lock = await lockFolder(process.argv[2] as string).catch((error: Error) => error);
if (lock instanceof Error) {
  process.stdout.write(`${lock.message}\n`);
} else {
  process.stdout.write('locked\n');
  process.stdin.resume();
  process.stdin.once('end', () => lock.release());
}
