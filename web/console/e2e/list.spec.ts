// A list that is long, narrowed, kept and shared.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composer, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());

const ROWS = 10_000;

/** The server's own snapshot with ten thousand rows in the place of its few. */
async function swell(page: Page) {
  await page.routeWebSocket(/\/api\/v1\/socket/, (near) => {
    const far = near.connectToServer();
    near.onMessage((text) => far.send(text));
    far.onMessage((text) => {
      const frame = JSON.parse(String(text));
      const [one] = frame.type === 'snapshot' ? frame.conversations : [];
      if (one) {
        const id = one.id.slice(0, -5);
        frame.conversations = Array.from({ length: ROWS }, (_, index) => ({
          ...one,
          id: `${id}${String(index).padStart(5, '0')}`,
          contact_point: { ...one.contact_point, name: `お客様 ${index}` },
          waiting_since: new Date(Date.parse(one.waiting_since) + index * 1000).toISOString(),
        }));
        frame.open_total = ROWS;
      }
      near.send(JSON.stringify(frame));
    });
  });
  await page.route(/\/api\/v1\/conversations\/.*messages/, (route) =>
    route.fulfill({ json: { items: [], next_cursor: null } }),
  );
}

/** The middle one. */
const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

test('ten thousand conversations scroll and take keys as a few do', async () => {
  await world.say('長い 一覧', 'こんにちは');
  const { page, context } = await world.desk('hanako');
  await swell(page);
  await page.reload();
  await page
    .locator('.tabs .new .count')
    .filter({ hasText: String(ROWS) })
    .waitFor();
  expect(await page.locator('.list .scroller li').count()).toBeLessThan(60);
  const frames = await page.evaluate(async () => {
    const scroller = document.querySelector('.list .scroller') as HTMLElement;
    const frame = () => new Promise<number>((next) => requestAnimationFrame(next));
    const busy: number[] = [];
    for (let step = 0; step < 120; step++) {
      const begun = performance.now();
      scroller.scrollTop += 900;
      await frame();
      await new Promise((next) => setTimeout(next));
      busy.push(performance.now() - begun);
    }
    return { busy, rows: document.querySelectorAll('.list li').length, top: scroller.scrollTop };
  });
  expect(frames.top).toBeGreaterThan(100_000);
  expect(frames.rows).toBeLessThan(60);
  await page.locator('.list li a').filter({ hasText: 'お客様 1' }).first().waitFor();
  await page.locator('.list li a').first().click();
  await page.keyboard.press('m');
  await composer(page).waitFor();
  const keys = await page.evaluate(async () => {
    const area = document.querySelector('.composer textarea') as HTMLTextAreaElement;
    const times: number[] = [];
    for (let i = 0; i < 60; i++) {
      const begun = performance.now();
      area.value += 'あ';
      area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await Promise.resolve();
      void area.scrollHeight;
      times.push(performance.now() - begun);
      await new Promise((next) => requestAnimationFrame(next));
    }
    return times;
  });
  console.log(
    `10,000 rows: a scrolled frame ${median(frames.busy).toFixed(1)} ms, a key ${median(keys).toFixed(1)} ms (medians)`,
  );
  expect(median(frames.busy)).toBeLessThan(50);
  expect(median(keys)).toBeLessThan(16);
  await context.close();
});

test('the list is narrowed by a panel, a view is kept over a reload, and clearing shows everybody again', async () => {
  await world.say('絞込 一', '一です');
  await world.say('絞込 二', '二です');
  const { page, context } = await world.desk('taro');
  await world.open(page, '絞込 一');
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  await page.locator('.tabs .all').click();
  await page.locator(`.list li a[href$="${world.ids['絞込 二']}"]`).waitFor();
  await page.locator('.list .narrow').click();
  await page.locator('.filters select').first().selectOption({ label: '鈴木 太郎' });
  await sleepless('one row', async () => (await page.locator('.list .scroller li').count()) === 1);
  expect(await page.locator('.list li a').getAttribute('href')).toContain(world.ids['絞込 一']);
  await page.locator('.filters form input').fill('<b>自分</b>が対応中');
  await page.keyboard.press('Enter');
  await page.reload();
  await page.locator('.list .narrow').click();
  expect(await page.locator('.filters select').first().inputValue()).toBe('');
  await page.locator('.filters .view').filter({ hasText: '<b>自分</b>が対応中' }).click();
  await sleepless('one row again', async () => (await page.locator('.list .scroller li').count()) === 1);
  await page.locator('.filters').getByRole('button', { name: '条件をクリア' }).click();
  await page.locator(`.list li a[href$="${world.ids['絞込 二']}"]`).waitFor();
  await context.close();
});

test('colleagues see who has a conversation before their eyes, and no longer when they go on', async () => {
  await world.say('閲覧 一', 'こんにちは');
  await world.say('閲覧 二', 'こんにちは');
  const [a, b] = await Promise.all([world.desk('hanako'), world.desk('misaki')]);
  await world.open(a.page, '閲覧 一');
  await world.open(b.page, '閲覧 一');
  const seen = a.page.locator('.pane-thread header [data-viewers]');
  await seen.waitFor();
  expect(await seen.getAttribute('aria-label')).toBe('高橋 美咲さんが閲覧中');
  await world.open(b.page, '閲覧 二');
  await seen.waitFor({ state: 'detached' });
  await a.page.locator(`.list li a[href$="${world.ids['閲覧 二']}"] [data-viewers]`).waitFor();
  await Promise.all([a.context.close(), b.context.close()]);
});

test('panes are widened by keys and by pointer, and stay so', async () => {
  // Rows to the very bottom: what lies beneath the line must not be dragged in its place.
  for (let index = 0; index < 12; index++) await world.say(`幅 ${index}`, 'こんにちは');
  const { page, context } = await world.desk('hanako');
  await page.locator('.list .scroller li').nth(8).waitFor();
  const grip = page.getByRole('separator', { name: '一覧の幅' });
  const width = async () => (await page.locator('.pane-list').boundingBox())?.width ?? 0;
  const before = await width();
  await grip.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await sleepless('two steps', async () => (await width()) === before + 32);
  const box = await grip.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 4, 400);
  await page.mouse.down();
  await page.mouse.move((box?.x ?? 0) + 64, 400, { steps: 4 });
  await page.mouse.up();
  await sleepless('a drag', async () => (await width()) === before + 92);
  await page.reload();
  await sleepless('the same after a reload', async () => (await width()) === before + 92);
  await context.close();
});
