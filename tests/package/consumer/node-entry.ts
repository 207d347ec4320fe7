import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '@varigrad/vae/node';

await writeFileAtomic('hello.txt', 'hello');
if (readFileSync('hello.txt', 'utf8') !== 'hello') throw new Error('writeFileAtomic wrote something else');
