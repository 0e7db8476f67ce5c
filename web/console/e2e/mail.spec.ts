// A customer writes mail: it comes in by SMTP, is read, answered and delivered, and nothing in it does anything by itself.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe';
import { hostile, type Trap, trap } from './hostile';
import { letter, post } from './post';
import { composer, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open({ mail: true });
}, 120_000);
afterAll(() => world?.close());

const mails = (page: Page) => page.locator('[data-testid=mail]');
const whole = (page: Page) => page.locator('[data-testid=mail-whole]');
const start = async (page: Page, name: string) => {
  await world.open(page, name);
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  await page.locator('[data-testid=mail-head] dl').waitFor();
  await composer(page).focus();
};
const calendar = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:1@example.jp',
  'DTSTAMP:20261121T000000Z',
  'DTSTART:20261201T010000Z',
  'DTEND:20261201T020000Z',
  'SUMMARY:打ち合わせ',
  'LOCATION:本社 3階',
  'ORGANIZER:mailto:yamada@example.jp',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

test('a mail is read whole, answered with what is fixed, and every recipient has a state of their own', async () => {
  await world.mail({
    from: 'yamada@example.jp',
    name: '山田 一郎',
    cc: 'buchou@example.jp, keiri@example.jp',
    subject: '見積書のお願い',
    text: 'お世話になっております。\n添付の図面で見積をお願いします。\n\n> 先日はありがとうございました。\n> 佐藤\n',
    html: '<p>お世話になっております。</p><p>添付の図面で見積をお願いします。</p>',
    parts: [
      { type: 'application/pdf', name: '図面 第2版.pdf', body: Buffer.from('%PDF-1.7\n') },
      { type: 'text/calendar; method=REQUEST; charset=utf-8', name: 'invite.ics', body: calendar },
    ],
  });
  const { page, context } = await world.desk('hanako', { timezoneId: 'Asia/Tokyo' });
  await start(page, '山田 一郎');
  const bubble = mails(page).first();
  for (const words of ['見積書のお願い', '山田 一郎 <yamada@example.jp>', 'buchou@example.jp', '図面 第2版.pdf']) {
    await bubble.getByText(words).first().waitFor();
  }
  expect(await bubble.innerText()).not.toContain('先日はありがとうございました');
  const card = page.locator('[data-testid=invitation]');
  await card.getByText('打ち合わせ').waitFor();
  expect(await card.innerText()).toContain('2026年12月1日(火) 10:00 – 11:00');
  await bubble.getByRole('button', { name: '引用を含めて表示' }).click();
  await bubble.getByText('引用を表示（2行）').click();
  await bubble.getByText('先日はありがとうございました').waitFor();

  await bubble.getByRole('button', { name: 'メール詳細' }).click();
  await whole(page).frameLocator('iframe').getByText('添付の図面で').waitFor();
  await whole(page).getByRole('button', { name: 'ヘッダー' }).click();
  await whole(page).locator('pre').getByText('Message-ID').waitFor();
  const save = page.waitForEvent('download');
  await whole(page).getByRole('link', { name: '原文' }).click();
  expect((await save).suggestedFilename()).toBe('mail.eml');
  expect(await violations(page, 'whole mail')).toEqual([]);
  await page.keyboard.press('Escape');
  await whole(page).waitFor({ state: 'detached' });

  // Its own window took the key: the conversation is still open.
  const head = page.locator('[data-testid=mail-head]');
  expect(await head.innerText()).toContain('Re: 見積書のお願い');
  expect(await head.locator('input, select, textarea, [contenteditable]').count()).toBe(0);
  expect(await page.locator('[data-goes], .meter').count()).toBe(0);
  world.relay.answers.set('keiri@example.jp', ['450 4.2.0 mailbox busy']);
  world.relay.answers.set('buchou@example.jp', ['550 5.1.1 no such user']);
  await page
    .locator('.composer input[type=file]')
    .setInputFiles([
      { name: '見積書.pdf', mimeType: 'application/pdf', buffer: Buffer.from(`%PDF-1.7\n${'x'.repeat(6000)}`) },
    ]);
  await page.locator('.tray [data-piece=file]').waitFor();
  await composer(page).fill('ありがとうございます。見積書をお送りします。');
  // Enter is a new line in a letter.
  await composer(page).press('End');
  await composer(page).press('Enter');
  await composer(page).pressSequentially('佐藤');
  expect(world.relay.handed).toHaveLength(0);
  await page.getByRole('button', { name: 'メールを送信' }).click();
  const copies = page.locator('article.outbound [data-testid=copies]');
  for (const [to, state, said] of [
    ['yamada@example.jp', 'sent', '送信済み'],
    ['buchou@example.jp', 'failed', '不達'],
    ['keiri@example.jp', 'delayed', '遅延'],
  ] as const) {
    await copies.locator(`[data-to="${to}"][data-copy=${state}]`).getByText(said).waitFor();
  }
  await copies.getByText('一部不達').waitFor();
  await copies.getByText('no such user').waitFor();
  expect(await violations(page, 'answered')).toEqual([]);
  const sent = world.relay.handed.find((it) => it.to === 'yamada@example.jp')?.text ?? '';
  expect(sent).toMatch(/^In-Reply-To: </m);
  expect(sent).toMatch(/^Cc: .*buchou@example\.jp/m);
  expect(sent).toContain(Buffer.from('%PDF-1.7\n').toString('base64').slice(0, 10));
  expect(await page.locator('article.outbound').getByText('見積書.pdf').count()).toBe(1);
  await context.close();
});

test('an answer whose fate nobody knows says so, and is never sent again by itself', async () => {
  await world.mail({ from: 'mori@example.jp', name: '森 さくら', subject: '納期', text: 'いつ届きますか' });
  const { page, context } = await world.desk('hanako');
  await start(page, '森 さくら');
  world.relay.mute = true;
  await composer(page).fill('明日お届けします。');
  await composer(page).press('Control+Enter');
  await page.locator('article.outbound [data-copy=sending]').getByText('送信中').waitFor();
  world.relay.hangUp();
  await page.locator('article.outbound [data-copy=unknown]').getByText('不明').waitFor();
  world.relay.mute = false;
  expect(world.relay.handed.filter((it) => it.to === 'mori@example.jp')).toHaveLength(0);
  await context.close();
});

test('who joins without having been part of it is marked, and what came twice is shown once', async () => {
  await world.mail({ from: 'hayashi@example.jp', name: '林 葵', subject: '請求書', text: '送ってください' });
  const { page, context } = await world.desk('hanako');
  await start(page, '林 葵');
  await composer(page).fill('お送りします。');
  await composer(page).press('Control+Enter');
  await page.locator('article.outbound[data-state=sent]').waitFor();
  const sent = world.relay.handed.find((it) => it.to === 'hayashi@example.jp')?.text ?? '';
  const id = /^Message-ID: (<[^>]+>)/im.exec(sent)?.[1] ?? '';
  expect(id).not.toBe('');
  const stranger = {
    from: 'dareka@elsewhere.example',
    subject: 'Re: 請求書',
    text: '代わりにお願いします',
    header: [`In-Reply-To: ${id}`],
  };
  // A server that got no answer in time brings it again.
  const again = letter({ to: 'support@in.desk.example', ...stranger });
  for (let time = 0; time < 2; time++) {
    expect(await post(world.smtp, stranger.from, 'support@in.desk.example', again)).toMatch(/^250/);
  }
  const bubble = mails(page).filter({ hasText: '代わりにお願いします' });
  await bubble.locator('[data-mark=stranger]').getByText('参加者以外からの返信').waitFor();
  const said = page.locator('article').filter({ hasText: '代わりにお願いします' });
  expect(await said.locator('.who').first().innerText()).toBe('dareka@elsewhere.example');
  await world.mail({ ...stranger, subject: 'あとから', text: '続きです' });
  await mails(page).filter({ hasText: '続きです' }).waitFor();
  expect(await bubble.count()).toBe(1);
  // The next answer still goes to the customer.
  expect(await page.locator('[data-testid=mail-head]').innerText()).not.toContain('elsewhere');
  await context.close();
});

test('a mail that cannot be read waits for a person, who reads it again or puts it away', async () => {
  const hops = Array.from(
    { length: 60 },
    (_, hop) => `Received: from hop${hop}.example by hop${hop + 1}.example; ${hop}`,
  );
  await world.mail({ from: 'loop@example.jp', subject: '周回', text: 'また来た', header: hops });
  const { page, context } = await world.desk('owner');
  await page.goto(`${world.url}/admin/operation`);
  const waiting = page.locator('[data-raw]');
  await waiting.first().waitFor();
  const save = page.waitForEvent('download');
  await waiting.getByRole('link').click();
  const original = await save;
  expect(original.suggestedFilename()).toMatch(/\.eml$/);
  expect(readFileSync((await original.path()) ?? '', 'latin1')).toContain('Received: from hop7.example');
  await waiting.getByRole('button', { name: '再処理' }).click();
  await page.locator('.toast').first().waitFor();
  await waiting.first().waitFor();
  expect(await violations(page, 'raw mail')).toEqual([]);
  await waiting.getByRole('button', { name: '片付ける' }).click();
  await page.locator('dialog .button.danger').click();
  await waiting.first().waitFor({ state: 'detached' });
  await context.close();
});

test('hostile HTML: no script runs, and no request leaves until somebody asks for the pictures', async () => {
  const outside = await trap();
  const { page, context } = await world.desk('hanako');
  try {
    await look(page, outside);
  } finally {
    await context.close();
    outside.close();
  }
}, 240_000);

async function look(page: Page, outside: Trap) {
  const own = new URL(world.url).origin;
  const left: string[] = [];
  const ran: string[] = [];
  page.context().on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${own}/`) && !/^(data|blob|about):/.test(url)) left.push(url);
  });
  page.context().on('page', (popup) => ran.push(`a window: ${popup.url()}`));
  page.on('dialog', (dialog) => {
    ran.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.text().includes('OWNED')) ran.push(message.text());
  });
  await page.exposeFunction('owned', (what: string) => ran.push(what));
  // The newest stands first, where it can be pressed.
  await page.locator('.list .sort').click();
  // Whatever runs is heard of.
  await page.evaluate("owned('probe'); console.log('OWNED')");
  await sleepless('what ran', async () => ran.length === 2);
  ran.length = 0;
  const vectors = hostile(outside.url);
  const kinds = Object.keys(vectors);
  for (const [index, kind] of kinds.entries()) {
    const name = `攻撃 ${index}`;
    await world.mail({
      from: `a${index}@evil.example`,
      name,
      subject: kind,
      text: '読んでください',
      html: vectors[kind],
    });
    await world.open(page, name);
    await mails(page).getByText(kind, { exact: true }).waitFor();
    const details = mails(page).getByRole('button', { name: 'メール詳細' });
    await details.click();
    await whole(page).locator('nav').waitFor();
    const frame = whole(page).locator('iframe');
    if ((await frame.count()) > 0) {
      await whole(page).frameLocator('iframe').getByText('BEGIN').first().waitFor({ state: 'attached' });
      await page.frames().at(-1)?.waitForLoadState('load');
      for (const at of ['text=CLICK ME', 'a', 'button', 'input', 'summary']) {
        const places = await whole(page).frameLocator('iframe').locator(at).all();
        // What leads somewhere is pressed but for real links, which a person may follow.
        for (const place of places.slice(0, 4)) {
          const href = await place.getAttribute('href').catch(() => null);
          if (href && /^(https?|mailto):/i.test(href)) continue;
          await place.click({ timeout: 300, force: true }).catch(() => {});
        }
      }
      // The same document opened by itself is as harmless.
      const alone = await page.context().newPage();
      ran.splice(0, ran.length, ...ran.filter((it) => it !== 'a window: about:blank'));
      await alone.goto(new URL((await frame.getAttribute('src')) ?? '', world.url).href);
      await alone.close();
    }
    // Keys go to the frame that was pressed in, and no further.
    await whole(page).getByRole('button', { name: '閉じる' }).click();
    await whole(page).waitFor({ state: 'detached' });
    expect({ kind, ran, left, heard: outside.heard }).toEqual({ kind, ran: [], left: [], heard: [] });
    expect(page.url().startsWith(`${own}/`), kind).toBe(true);
  }
  expect(kinds.length).toBeGreaterThan(35);
  // Pictures that are elsewhere come when somebody asks for them, and only pictures.
  await world.mail({
    from: 'shop@example.jp',
    name: '絵 つき',
    subject: '写真',
    text: 'あり',
    html: `<p>見て</p><img src="${outside.url}/asked.png"><link rel=stylesheet href="${outside.url}/style.css"><p>END</p>`,
  });
  await world.open(page, '絵 つき');
  await mails(page).getByRole('button', { name: 'メール詳細' }).click();
  await whole(page).frameLocator('iframe').getByText('END').waitFor();
  expect(outside.heard).toEqual([]);
  await whole(page).locator('[data-act=pictures]').click();
  await sleepless('the picture', async () => outside.heard.length > 0);
  expect(outside.heard.map((it) => it.path)).toEqual(['/asked.png']);
  expect(outside.heard[0]?.headers.referer).toBeUndefined();
  expect(outside.heard[0]?.headers.cookie).toBeUndefined();
  expect(ran).toEqual([]);
}
