/** Moving and scaling the explorer's picture with the mouse, the wheel and two fingers. */
import type { CDPSession, Page } from 'playwright-core';
import type { Explorer } from './explorer.js';
import { check } from './in-page.js';

interface View {
  x: number;
  y: number;
  scale: number;
}

/** The layer's `translate(x,y) scale(k)`. */
async function viewOf(page: Page): Promise<View> {
  const transform = (await page.getAttribute('#graph > g', 'transform')) ?? '';
  const [x, y, scale] = [...transform.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)].map(Number);
  check(x !== undefined && y !== undefined && scale !== undefined, `no transform: ${transform}`);
  return { x, y, scale };
}

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));

/** The point of the window that does not move when `before` becomes `after`, along one axis. */
function fixedPoint(before: View, after: View, axis: 'x' | 'y'): number {
  const ratio = after.scale / before.scale;
  return (after[axis] - ratio * before[axis]) / (1 - ratio);
}

export async function checkMouse({ open }: Explorer): Promise<void> {
  const page = await open('preset=vae-step');
  const pane = (await page.locator('#graph').boundingBox())!;
  const box = (await page.locator('#graph .box').nth(3).boundingBox())!;
  const start = await viewOf(page);
  const hash = await page.evaluate(() => location.hash);
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 45, box.y + 35, { steps: 4 });
  await page.mouse.up();
  const moved = await viewOf(page);
  check(near(moved.x - start.x, 40) && near(moved.y - start.y, 30), `moved to ${moved.x}, ${moved.y}`);
  check((await page.evaluate(() => location.hash)) === hash, 'moving the picture selects a node');
  await page.mouse.wheel(0, -240);
  await page.waitForFunction(
    (scale) => !document.querySelector('#graph > g')?.getAttribute('transform')?.endsWith(scale),
    `scale(${moved.scale})`,
  );
  const scaled = await viewOf(page);
  check(scaled.scale > moved.scale, 'the wheel does not scale the picture');
  const fixed = fixedPoint(moved, scaled, 'x');
  check(Math.abs(fixed - (box.x + 45 - pane.x)) < 1, `the wheel scales around ${fixed}`);
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, -1000);
  await page.waitForFunction(() =>
    /scale\(4\)$/.test(document.querySelector('#graph > g')?.getAttribute('transform') ?? ''),
  );
  await page.keyboard.press('f');
  await page.locator('#graph .box').nth(3).click();
  check((await page.evaluate(() => location.hash)).includes('focus='), 'a click does not select a node');
}

async function touch(
  session: CDPSession,
  type: 'touchStart' | 'touchMove' | 'touchEnd',
  xs: number[],
  y: number,
) {
  await session.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x, y, id })) });
}

export async function checkFingers({ open }: Explorer): Promise<void> {
  const page = await open('preset=vae-step', 'phone');
  const pane = (await page.locator('#graph').boundingBox())!;
  const [middle, y] = [pane.x + pane.width / 2, pane.y + pane.height / 2];
  const session = await page.context().newCDPSession(page);
  const start = await viewOf(page);
  await touch(session, 'touchStart', [middle], y);
  for (const way of [10, 20, 30]) await touch(session, 'touchMove', [middle + way], y);
  await touch(session, 'touchEnd', [], y);
  const moved = await viewOf(page);
  check(near(moved.x - start.x, 30) && near(moved.y, start.y), `one finger moves by ${moved.x - start.x}`);
  await page.waitForTimeout(600); // later than a double tap
  await touch(session, 'touchStart', [middle - 40, middle + 40], y);
  for (const way of [50, 60, 80]) await touch(session, 'touchMove', [middle - way, middle + way], y);
  await touch(session, 'touchEnd', [], y);
  const scaled = await viewOf(page);
  check(near(scaled.scale, 2 * moved.scale), `two fingers scale by ${scaled.scale / moved.scale}, not 2`);
  check(Math.abs(fixedPoint(moved, scaled, 'x') - pane.width / 2) < 1, 'not around their middle');
}
