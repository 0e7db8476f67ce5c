// A LINE WORKS bot, set up by hand against the double of the platform, and used; and what the platform does not allow.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe';
import { bubbles, composer, sleepless, type Works, World } from './world';

let world: World;
let works: Works;
let made: { id: string; secret: string };
beforeAll(async () => {
  world = await World.open();
  works = await world.works();
  made = await works.call('bots', { name: '総務ヘルプデスク' });
}, 120_000);
afterAll(() => world?.close());

const card = (page: Page) => page.locator('[data-kind=lineworks]');

test('a bot is connected, tested, its callback entered; members write and are answered', async () => {
  const { page, context } = await world.desk('owner');
  await page.goto(`${world.url}/admin/windows/support/channels`);
  await page.getByRole('button', { name: 'LINE WORKS Botを連携' }).click();
  const field = (name: string) => page.locator(`[name=${name}]`).last();
  await page.locator('details summary').filter({ hasText: 'その他の設定' }).last().click();
  for (const [name, value] of Object.entries({
    client_id: works.app.client_id,
    client_secret: works.app.client_secret,
    service_account: works.app.service_account,
    private_key: 'not a key',
    bot_id: made.id,
    bot_secret: made.secret,
    domain_id: String(works.app.domain_id),
    api_base_url: works.api,
    auth_base_url: works.api,
  })) {
    await field(name).fill(value);
  }
  expect(await violations(page, 'a new bot of LINE WORKS')).toEqual([]);
  await page.locator('.bar .primary').last().click();
  await page.locator('[name=private_key][aria-invalid=true]').waitFor();
  expect(await field('client_secret').inputValue()).toBe(works.app.client_secret);
  await field('private_key').fill(works.app.private_key);
  await page.locator('.bar .primary').last().click();
  await card(page).waitFor();
  expect(await page.content()).not.toContain(made.secret);
  await card(page).getByRole('button', { name: 'Callback URLをLINE WORKSに登録' }).click();
  await page.locator('.toast').getByText('LINE WORKSに登録しました').waitFor();
  await card(page).getByRole('button', { name: '接続テスト' }).click();
  await card(page).locator('.findings[data-ok=true]').getByText('総務ヘルプデスク').waitFor();
  await card(page).locator('[data-finding=callback_untried]').waitFor();
  await card(page).getByText('Callbackは再送されません').waitFor();
  expect(await violations(page, 'LINE WORKS')).toEqual([]);

  const { id: member } = await works.call('members', { name: '社員 花' });
  const desk = await world.desk('hanako');
  expect((await works.call('say', { bot: made.id, user: member, text: 'PCが起動しません' })).status).toBe(200);
  await desk.page.locator('.list li a').getByText('社員 花').waitFor();
  await desk.page.locator('.list li a').getByText('LINE WORKS').waitFor();
  await desk.page.locator('.list li a').filter({ hasText: '社員 花' }).click();
  await desk.page.locator('[data-main=start]').click();
  await desk.page.locator('[data-main=complete]').waitFor();
  // What a bot of LINE WORKS has not is not offered, and nothing speaks of LINE's free answers.
  expect(await desk.page.locator('[data-goes], .meter').count()).toBe(0);
  await composer(desk.page).fill('再起動をお試しください。');
  await desk.page.keyboard.press('Enter');
  await bubbles(desk.page, '再起動をお試しください').and(desk.page.locator('[data-state=sent]')).waitFor();
  const { shown } = await works.call(`phones/${member}`);
  expect(JSON.stringify(shown)).toContain('再起動をお試しください。');

  // A new secret: the former one is accepted for a while, and can be withdrawn.
  await field('bot_secret').fill('another-secret-of-this-bot');
  await page.locator('.bar .primary').last().click();
  await card(page).getByText('以前のBot Secretも').waitFor();
  await card(page).getByRole('button', { name: '以前のものを無効にする' }).click();
  await page.locator('dialog .button.danger').click();
  await card(page).getByText('以前のBot Secretも').waitFor({ state: 'detached' });
  expect((await works.call('say', { bot: made.id, user: member, text: '聞こえますか' })).status).toBe(401);
  await sleepless('trouble', async () => (await card(page).locator('[data-trouble=wrong_signature]').count()) === 1);
  await Promise.all([context.close(), desk.context.close()]);
}, 120_000);

test('what is wrong at the platform is named; people outside are said to be out of reach', async () => {
  const { page, context } = await world.desk('owner');
  await page.goto(`${world.url}/admin/windows/support/channels`);
  await works.call('faults', { api: 'token', fault: { error_before: 401 }, times: { next: 5 } });
  await works.call('faults', { api: 'bots', fault: { error_before: 403 }, times: { next: 5 } });
  await card(page).getByRole('button', { name: '接続テスト' }).click();
  await card(page).locator('.findings[data-ok=false]').waitFor();
  expect(await card(page).locator('[data-finding=right_missing], [data-finding=token_refused]').count()).toBe(1);
  const outside = page.locator('[data-testid=lineworks-external]');
  await outside.getByText('利用できません').waitFor();
  await outside.getByText('LINE公式アカウントまたはメールをご利用ください').waitFor();
  await page
    .getByRole('button', { name: /リンク・QR/ })
    .first()
    .click();
  await page.locator('dialog [data-way=lineworks]').getByText('「Bot」で「サポート窓口」を選んで').waitFor();
  await context.close();
});
