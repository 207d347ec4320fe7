import { createWasm } from '@varigrad/core';
import { trainingStep, CASES } from './training-step.js';
import { Generator } from '@varigrad/core';
import { VAE } from '@varigrad/vae';
const vae=(h:number[],l:number,i:number)=>()=>new VAE({hidden:h,latent:l,inputSize:i,generator:new Generator(1)});
const cases=[{name:'16-8-2',batch:8,pixels:16,build:vae([8],2,16)},{name:'784-64-8',batch:64,pixels:784,build:vae([64],8,784)},{name:'784-400-20',batch:128,pixels:784,build:vae([400],20,784)}] as any[];
for (const threads of [2]) for (const c of cases){ const on=createWasm({threads}); const e=trainingStep(on,c,'eager'), r=trainingStep(on,c,'compiled'); const N=c.pixels===16?300:c.batch===64?600:250; for(let i=0;i<30;i++){e();r();} const te:number[]=[],tr:number[]=[];
for(let i=0;i<N;i++){let s=performance.now(); e(); te.push(performance.now()-s); s=performance.now(); r(); tr.push(performance.now()-s);}
const q=(a:number[],f:number)=>[...a].sort((x,y)=>x-y)[Math.floor(a.length*f)]!;
console.log(threads,c.name,'eager',[.05,.1,.25,.5].map(f=>q(te,f).toFixed(3)).join(' '),'compiled',[.05,.1,.25,.5].map(f=>q(tr,f).toFixed(3)).join(' '),'ratio',[.05,.1,.25,.5].map(f=>(q(te,f)/q(tr,f)).toFixed(2)).join(' ')); }
