/** `npm start`: trains a VAE on MNIST with the command `varigrad train`. `npm start -- --help` lists the options. */
import { runCommandLine } from '@varigrad/vae/cli';

process.exitCode = await runCommandLine(['train', ...process.argv.slice(2)], {
  calledAs: (command) => (command === 'train' ? 'npm start --' : `npm run varigrad -- ${command}`),
});
