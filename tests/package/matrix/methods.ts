/** The least that a bundle can use of core: if `sideEffects` in its package.json is wrong, Vite and webpack drop the methods. */
import { tensor } from '@varigrad/core';

const product = tensor([1]).mul(2).itemSync();
if (product !== 2) throw new Error(`tensor([1]).mul(2) is ${product}`);
