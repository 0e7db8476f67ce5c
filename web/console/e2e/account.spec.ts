// What agents are told of the account they answer with: what is left of the month, and what stands in the way.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composer, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());

const meter = (page: Page) => page.locator('.composer .meter');
const says = (page: Page, words: string) =>
  sleepless(`a meter that says ${words}`, async () => (await meter(page).innerText()).includes(words));
const answer = async (page: Page, text: string, state: string) => {
  await composer(page).fill(text);
  await page.keyboard.press('Enter');
  await page.locator(`article[data-state=${state}]`).filter({ hasText: text }).waitFor();
};

test('what was sent and what is left of the month stand beside the answer, and a used-up month is said at once', async () => {
  await world.phone(`/channels/${world.channel}`, { quota: { type: 'limited', value: 20 }, used: 3 });
  // The server asks the platform when it begins to watch an account.
  await world.kill();
  await world.restart();
  await world.say('残数 凪', '在庫はありますか');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '残数 凪');
  await page.locator('[data-main=start]').click();
  await page.locator('[data-goes=free]').waitFor();
  await says(page, '残り 17');
  await says(page, '無料 0');
  expect(await meter(page).getAttribute('data-level')).toBe('calm');
  expect(await meter(page).getAttribute('title')).toContain('プッシュは1人につき1通');
  expect(await page.locator('[data-trouble]').count()).toBe(0);
  await answer(page, 'ございます', 'sent');
  await says(page, '無料 1');
  await world.phone('/faults', { endpoint: 'push', fault: 'quota_reached', times: { next: 1 } });
  await answer(page, '本日お届けします', 'unsent');
  await page.locator('.pane-thread [data-trouble=quota_empty]').waitFor();
  await says(page, '残り 0');
  expect(await page.locator('[data-goes=paid]').innerText()).toContain('プッシュ送信できません');
  expect(await meter(page).getAttribute('data-level')).toBe('empty');
  await page.locator('.pane-thread [data-trouble]').getByText('今月の送信可能数を使い切りました').waitFor();
  const foreign = await world.desk('taro', { locale: 'en-GB', viewport: { width: 390, height: 844 } });
  await foreign.page.locator('.list [data-trouble=quota_empty]').getByText("month's messages are used up").waitFor();
  await foreign.context.close();
  await context.close();
});
