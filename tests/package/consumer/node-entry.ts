import { readFileSync } from 'node:fs';
import { VAE } from '@varigrad/vae';
import { fromPretrained, savePretrained, writeFileAtomic } from '@varigrad/vae/node';
import { SummaryWriter } from '@varigrad/vae/tensorboard';

await writeFileAtomic('hello.txt', 'hello');
if (readFileSync('hello.txt', 'utf8') !== 'hello') throw new Error('writeFileAtomic wrote something else');

const model = new VAE({ inputSize: 16, hidden: [8], latent: 2 });
await savePretrained('model', { model, config: { hidden: [8], latent: 2 }, imageShape: [4, 4], classes: 0 });
const { model: read } = await fromPretrained('model');
if (String(read) !== String(model)) throw new Error(`another model was read: ${read}`);

const refusal = await fromPretrained('cvae-mnist-z2').then(String, (error: Error) => error.message);
if (!refusal.includes('@varigrad/zoo') || !refusal.includes('not installed')) throw new Error(refusal);

const writer = new SummaryWriter('events');
writer.addScalar('loss', 1, 1);
await writer.flush();
if (readFileSync(writer.path).length < 60) throw new Error('the event file is too short');
