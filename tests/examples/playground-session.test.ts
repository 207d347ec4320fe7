import { firstOf } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Session } from '../../examples/playground/src/session.js';
import { playgroundDigits, settings, usePlainWasm } from '../helpers/playground-digits.js';

usePlainWasm();
const digits = await playgroundDigits();
const few = { train: firstOf(digits.train, 40), test: firstOf(digits.test, 10) };

/** A session of a small model, and a promise of the next end of a run. */
function begin(): { session: Session; stopped: () => Promise<number> } {
  let ended: (step: number) => void = () => {};
  const images = { ...few, classNames: [], factors: {} };
  const session = new Session(settings({ hidden: '4', batchSize: 10 }), images, (answer) => {
    if (answer.kind === 'stopped') setTimeout(() => ended(answer.step)); // a message arrives later
  });
  const stopped = (): Promise<number> =>
    new Promise((resolve) => {
      ended = resolve;
    });
  return { session, stopped };
}

test('single steps that come faster than they run are added up', async () => {
  const { session, stopped } = begin();
  for (let i = 0; i < 5; i++) session.run(1, 1000);
  assert.is(await stopped(), 5);
  session.run(2, 1000);
  assert.is(await stopped(), 7);
});

test('a step ends a training without end, and a pause ends all steps', async () => {
  const { session, stopped } = begin();
  session.run(Number.POSITIVE_INFINITY, 1000);
  session.run(1, 1000);
  assert.is(await stopped(), 1);
  session.run(100_000, 1000);
  const end = stopped();
  await session.pause();
  const step = await end;
  assert.ok(step < 100, `${step} steps`);
  session.run(1, 1000);
  assert.is(await stopped(), step + 1);
});

test('a run that is asked for while the last frame is made is carried out', async () => {
  const { session, stopped } = begin();
  const { trainer } = session;
  const [show, run] = [session.show.bind(session), trainer.run.bind(trainer)];
  let [isOver, isLate] = [false, false];
  trainer.run = async (steps) => {
    await run(steps);
    isOver = true;
  };
  session.show = async () => {
    await show();
    if (!isOver || isLate) return;
    isLate = true; // as a request that arrives while a frame is read from a device
    session.run(2, 1000);
  };
  session.run(1, 1000);
  assert.is(await stopped(), 3);
});

test('a speed is steps per second, the time of the steps included', async () => {
  const { session, stopped } = begin();
  const { trainer } = session;
  const run = trainer.run.bind(trainer);
  trainer.run = async (steps) => {
    await run(steps);
    await new Promise((resume) => setTimeout(resume, 50)); // a slow machine
  };
  const start = performance.now();
  session.run(31, 30); // 11 times 100 ms, without a wait after the last step
  assert.is(await stopped(), 31);
  const milliseconds = performance.now() - start;
  assert.ok(milliseconds > 950 && milliseconds < 1400, `${milliseconds} ms`);
});

test.run();
