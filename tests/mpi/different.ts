/** A training whose second process has other images: `different.ts <data> <other data> <folder>`. */
import { mpi } from '@varigrad/core/mpi';
import { runCommandLine } from '@varigrad/vae/cli';

const { rank } = await mpi();
const [data, other, out] = process.argv.slice(2) as [string, string, string];
const options = ['--hidden', '4', '--latent', '2', '--epochs', '1', '--out', out];
process.exitCode = await runCommandLine(['train', '--data', rank === 1 ? other : data, ...options]);
