// Customers of another system: connected by hand, heard, answered; its secret is drawn here and shown until it is saved.

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe';
import { bubbles, composer, sleepless, World } from './world';

let world: World;
const heard: { id: string; body: string; signatures: string }[] = [];
let status = 204;
const other = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { headers } = request;
    const body = Buffer.concat(parts).toString();
    const head = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`;
    heard.push({ id: head, body, signatures: String(headers['webhook-signature']) });
    response.writeHead(status).end();
  });
});
beforeAll(async () => {
  world = await World.open();
  await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
}, 120_000);
afterAll(async () => {
  other.closeAllConnections();
  other.close();
  await world?.close();
});

const signed = (secret: string, text: string) =>
  `v1,${createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
    .update(text)
    .digest('base64')}`;
const card = (page: Page) => page.locator('[data-kind=bot]');

test('another system is connected with a secret of its own, heard, tested and answered', async () => {
  const { page, context } = await world.desk('owner');
  await page.goto(`${world.url}/admin/windows/support/channels`);
  await page.getByRole('button', { name: '外部システムを連携' }).click();
  const form = page.locator('form').filter({ has: page.locator('[name=secret]') });
  await form.locator('[name=name]').fill('自社アプリ');
  await form.locator('[name=endpoint_url]').fill(`http://127.0.0.1:${(other.address() as AddressInfo).port}/answers`);
  await form.getByRole('button', { name: '新しく作る' }).click();
  const secret = await form.getByLabel('新しい署名シークレット').inputValue();
  expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
  expect(await violations(page, 'a new system')).toEqual([]);
  await form.getByRole('button', { name: '保存', exact: true }).first().click();
  await card(page).waitFor();
  expect(await page.content()).not.toContain(secret);
  const hook = await card(page).getByLabel('受信URL').inputValue();
  expect(new URL(hook).pathname).toMatch(/^\/hooks\/bot\//);
  await card(page).getByRole('button', { name: '接続テスト' }).click();
  await card(page).locator('.findings').waitFor();
  const ping = heard.at(-1);
  expect(ping?.signatures).toContain(signed(secret, `${ping?.id}${ping?.body}`));
  status = 500;
  await card(page).getByRole('button', { name: '接続テスト' }).click();
  await card(page).locator('[data-finding=endpoint_fails]').waitFor();
  status = 204;
  await sleepless('no toast', async () => (await page.locator('.toast').count()) === 0);
  expect(await violations(page, 'the other system')).toEqual([]);

  const tell = (event: object) => {
    const body = JSON.stringify(event);
    const [id, stamp] = ['e1', String(Math.floor(Date.now() / 1000))];
    return fetch(`${world.url}${new URL(hook).pathname}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': stamp,
        'webhook-signature': signed(secret, `${id}.${stamp}.${body}`),
      },
      body,
    });
  };
  const desk = await world.desk('hanako');
  const said = { type: 'message', message: { type: 'text', text: 'アプリから問い合わせです' } };
  expect((await tell({ id: 'e1', contact: { id: 'u1', name: 'アプリ 太郎' }, ...said })).status).toBe(200);
  const row = desk.page.locator('.list li a').filter({ hasText: 'アプリから問い合わせです' });
  await row.getByText('外部システム').waitFor();
  await row.getByText('アプリ 太郎').waitFor();
  await row.click();
  await desk.page.locator('[data-main=start]').click();
  await desk.page.locator('[data-main=complete]').waitFor();
  expect(await desk.page.locator('[data-goes], .meter').count()).toBe(0);
  await composer(desk.page).fill('承りました。');
  await desk.page.keyboard.press('Enter');
  await bubbles(desk.page, '承りました。').and(desk.page.locator('[data-state=sent]')).waitFor();
  expect(heard.at(-1)?.body).toContain('承りました。');
  await Promise.all([context.close(), desk.context.close()]);
});
