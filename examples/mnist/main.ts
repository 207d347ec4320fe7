/** `npm start`: trains a VAE on MNIST, by the command `varigrad train`. `npm start -- --help` tells what can be asked for. */
import { runCommandLine } from '@varigrad/vae/cli';

process.exitCode = await runCommandLine(['train', ...process.argv.slice(2)], { calledAs: 'npm start --' });
