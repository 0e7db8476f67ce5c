// Mail is set up by hand: a company address that forwards, a domain that publishes our key, a mail to ourselves.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe';
import { letter, post } from './post';
import { sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open({ mail: true });
  // The world outside: our own domain is ours, and the company's address forwards.
  world.names.texts.set('bounce.desk.example', ['v=spf1 ip4:127.0.0.1 -all']);
  world.relay.carry = async ({ from, to, text }) => {
    const forwarded = to === 'support@example.co.jp' ? 'support@in.desk.example' : to;
    if (forwarded.endsWith('@in.desk.example')) await post(world.smtp, from, forwarded, text);
  };
}, 120_000);
afterAll(() => world?.close());

const card = (page: Page) => page.locator('[data-kind=mail]');
const open = async () => {
  const { page, context } = await world.desk('owner');
  await page.goto(`${world.url}/admin/windows/support/channels`);
  await card(page).getByText('既定のアドレス', { exact: true }).waitFor();
  return { page, context };
};
const address = (page: Page, of: string) => page.locator(`[data-address="${of}"]`);

test('an address is added, proven by a mail that comes round, and stands as 転送OK', async () => {
  const { page, context } = await open();
  expect(await card(page).locator('input[readonly]').first().inputValue()).toBe('support@in.desk.example');
  const fresh = card(page).locator('[name=address]');
  await fresh.fill('not an address');
  await card(page).getByRole('button', { name: '追加' }).click();
  await card(page).locator('form [role=alert]').waitFor();
  expect(await fresh.inputValue()).toBe('not an address');
  await fresh.fill('support@example.co.jp');
  await card(page).getByRole('button', { name: '追加' }).click();
  await address(page, 'support@example.co.jp').getByText('未確認').waitFor();
  await address(page, 'support@example.co.jp').getByRole('button', { name: '転送を確認' }).click();
  await page.locator('[data-address="support@example.co.jp"][data-forwarding=confirmed]').getByText('転送OK').waitFor();

  // One whose provider takes the mail and forwards nothing waits, and says so.
  await fresh.fill('info@example.co.jp');
  await card(page).getByRole('button', { name: '追加' }).click();
  await address(page, 'info@example.co.jp').getByRole('button', { name: '転送を確認' }).click();
  await address(page, 'info@example.co.jp').getByText('到着を待っています').waitFor();
  expect(await violations(page, 'addresses')).toEqual([]);
  await address(page, 'info@example.co.jp').getByRole('button', { name: /^削除/ }).click();
  await page.locator('dialog .button.danger').click();
  await address(page, 'info@example.co.jp').waitFor({ state: 'detached' });
  await context.close();
});

test('the question of a provider is shown with its number and its link, and nobody opened the link', async () => {
  const { page, context } = await open();
  const code = '123456789';
  const link = 'https://mail-settings.google.com/mail/vf-abc';
  world.names.texts.set('google.com', ['v=spf1 ip4:127.0.0.1 -all']);
  world.names.texts.set('_dmarc.google.com', ['v=DMARC1; p=reject']);
  const mail = letter({
    from: 'forwarding-noreply@google.com',
    name: 'Gmail Team',
    to: 'support@in.desk.example',
    subject: `(#${code}) Gmail Forwarding Confirmation - Receive Mail from support@example.co.jp`,
    text: `Confirmation code: ${code}\n\nTo allow this, please click the link below:\n\n${link}\n`,
  });
  expect(await post(world.smtp, 'forwarding-noreply@google.com', 'support@in.desk.example', mail)).toMatch(/^250/);
  await page.reload();
  const asked = page.locator('[data-testid=confirmations]');
  await asked.getByText('Gmail Forwarding Confirmation').first().waitFor();
  expect(await asked.locator('input[readonly]').inputValue()).toBe(code);
  expect(await asked.getByRole('link', { name: 'リンクを開く' }).getAttribute('href')).toBe(link);
  expect(await asked.getByRole('link').getAttribute('rel')).toContain('noopener');
  await card(page).getByText('最後の受信').waitFor();
  // It is nobody's inquiry.
  const { items } = await world.api('GET', '/windows/support/conversations');
  expect(items.filter((row: { channel: string }) => row.channel === 'mail')).toEqual([]);
  await context.close();
});

test('a domain is published step by step, and each column says how it stands', async () => {
  const { page, context } = await open();
  const domains = page.locator('[data-testid=mail-domains]');
  world.names.texts.set('_dmarc.example.co.jp', null);
  await domains.getByRole('button', { name: 'example.co.jp を追加' }).click();
  const one = domains.locator('[data-domain="example.co.jp"]');
  await one.locator('[data-columns]').waitFor();
  const says = (name: string) => one.locator(`[data-check=${name}]`).innerText();
  // Nothing is published; one name server has its troubles.
  expect(await says('spf')).toBe('PASS');
  expect(await says('spf_alignment')).toBe('FAIL（想定どおり）');
  expect(await says('dkim')).toBe('未設定');
  expect(await says('dmarc')).toBe('確認できません');
  await one.getByText('どちらかがPASSであれば十分').waitFor();
  await one.getByText('未設定とは限りません').waitFor();
  const record = one.locator('[data-record=dkim]');
  const [name, value] = await Promise.all([
    record.locator('input').nth(0).inputValue(),
    record.locator('input').nth(1).inputValue(),
  ]);
  expect(name).toBe('desk1._domainkey.example.co.jp');
  expect(value).toMatch(/^v=DKIM1;.*p=[A-Za-z0-9+/=]{300,}/);
  expect(await violations(page, 'domains')).toEqual([]);

  world.names.texts.set(name, ['v=DKIM1; k=rsa; p=MIIB']);
  world.names.texts.set('_dmarc.example.co.jp', ['v=DMARC1; p=none']);
  await one.getByRole('button', { name: '再確認' }).click();
  await record.getByText('値が違います').waitFor();
  await record.getByText('v=DKIM1; k=rsa; p=MIIB').waitFor();
  world.names.texts.set(name, [value]);
  await one.getByRole('button', { name: '再確認' }).click();
  await page.locator('[data-domain="example.co.jp"][data-ready=true]').waitFor();
  for (const column of ['spf', 'dkim', 'dkim_alignment', 'dmarc']) expect(await says(column), column).toBe('PASS');
  await context.close();
});

test('the sender is chosen and signs; the test mail says what a receiver makes of it', async () => {
  const { page, context } = await open();
  await page.getByLabel('返信の差出人').last().selectOption('support@example.co.jp');
  await page.getByLabel('署名').fill('株式会社例 サポート窓口\n03-0000-0000');
  await page.locator('.bar .primary').click();
  await page.locator('[data-testid=sends-as]').getByText('support@example.co.jp').waitFor();
  const tested = page.locator('[data-testid=mail-test]');
  await tested.getByRole('button', { name: 'テストメールを送信' }).click();
  await tested.getByText('に届きました').waitFor();
  expect(await tested.locator('[data-check=dkim]').innerText()).toBe('PASS');
  expect(await tested.locator('[data-check=dkim_alignment]').innerText()).toBe('PASS');
  expect(await tested.locator('[data-check=spf_alignment]').innerText()).toContain('想定どおり');
  expect(await violations(page, 'test mail')).toEqual([]);

  // An answer carries it, with the signature below.
  await world.mail({ from: 'sato@example.jp', name: '佐藤 実', subject: '在庫', text: 'ありますか' });
  const desk = await world.desk('hanako');
  await world.open(desk.page, '佐藤 実');
  await desk.page.locator('[data-main=start]').click();
  await desk.page.locator('.composer textarea').focus();
  await desk.page.locator('[data-testid=mail-foot]').getByText('03-0000-0000').waitFor();
  expect(await desk.page.locator('[data-testid=mail-head]').innerText()).toContain('support@example.co.jp');
  await desk.page.getByLabel('元のメールを引用する').uncheck();
  await desk.page.locator('.composer textarea').fill('ございます。');
  await desk.page.getByRole('button', { name: 'メールを送信' }).click();
  const sent = await sleepless('the answer', async () => world.relay.handed.find((it) => it.to === 'sato@example.jp'));
  const [head = '', body = ''] = sent.text.split('\r\n\r\n', 2);
  expect(head).toMatch(/^From: .*<support@example\.co\.jp>/m);
  expect(head).toMatch(/^DKIM-Signature: /m);
  const words = Buffer.from(body, 'base64').toString();
  expect(words).toContain('03-0000-0000');
  expect(words).not.toContain('ありますか');
  await Promise.all([context.close(), desk.context.close()]);
});

test('mail that is switched off is refused at the door, and the invitation does not name it', async () => {
  const { page, context } = await open();
  const { invite_url } = await world.api('GET', '/windows/support');
  const door = new URL(new URL(invite_url).pathname, world.url).href;
  expect(await (await fetch(door)).text()).toContain('mailto:support@in.desk.example');
  await page
    .getByRole('button', { name: /リンク・QR|招待/ })
    .first()
    .click();
  await page.locator('dialog').getByLabel('メール').waitFor();
  expect(await page.locator('dialog').getByLabel('メール').inputValue()).toBe('support@in.desk.example');
  await page.keyboard.press('Escape');
  await page.getByRole('switch', { name: /メールを受信する/ }).click();
  await page.locator('.bar .primary').click();
  await page.locator('[data-kind=mail] [data-standing=off]').waitFor();
  expect(await (await fetch(door)).text()).not.toContain('mailto:');
  const said = await post(world.smtp, 'a@example.jp', 'support@in.desk.example', 'Subject: x\r\n\r\nx');
  expect(said).toMatch(/^550 5\.2\.1/);
  await context.close();
});
