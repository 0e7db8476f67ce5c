// Everything that is more than words, from the customer's phone to the desk and back.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composer, picture, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());

const holding = async (page: Page, name: string) => {
  await world.open(page, name);
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  await page.locator('[data-goes]').waitFor();
};
const loaded = (page: Page, selector: string) =>
  sleepless(`a picture in ${selector}`, () =>
    page
      .locator(selector)
      .first()
      .evaluate((it) => (it as HTMLImageElement).naturalWidth > 0)
      .catch(() => false),
  );
const sent = (page: Page, kind: string) => page.locator(`article.outbound[data-state=sent]:has([data-kind=${kind}])`);

test("a customer's picture is seen, enlarged by key, and gone from the screen when it is taken back", async () => {
  await world.say('写真 葵', 'この部品が壊れました');
  const first = await world.does('写真 葵', { kind: 'image' });
  await world.does('写真 葵', { kind: 'image' });
  const { page, context } = await world.desk('hanako');
  await world.open(page, '写真 葵');
  await loaded(page, 'article.inbound .picture img');
  expect(await page.locator('article.inbound .picture').count()).toBe(2);
  await page.locator('article.inbound .picture').first().focus();
  await page.keyboard.press('Enter');
  await loaded(page, 'dialog.viewer img');
  expect(await page.locator('dialog.viewer .what').textContent()).toContain('1 / 2');
  await page.keyboard.press('ArrowRight');
  await page.locator('dialog.viewer .what').filter({ hasText: '2 / 2' }).waitFor();
  await page.keyboard.press('ArrowLeft');
  // It is taken back while it is being looked at.
  await world.does('写真 葵', { kind: 'unsend', message: first });
  await page.locator('dialog.viewer').waitFor({ state: 'detached' });
  await page.locator('article.inbound').filter({ hasText: 'お客様が送信を取り消しました' }).waitFor();
  expect(await page.locator('article.inbound .picture').count()).toBe(1);
  expect(await page.locator('article.inbound').last().locator('.picture').count()).toBe(1);
  await page.locator('article.inbound .picture').first().click();
  await page.locator('dialog.viewer img').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog.viewer').waitFor({ state: 'detached' });
  expect(await page.evaluate(() => document.activeElement?.className)).toContain('picture');
  await context.close();
});

test('pictures of one set stand together; films, recordings, files, stickers and places are what they are', async () => {
  await world.does('全種 栞', { kind: 'images', count: 4 });
  await world.does('全種 栞', { kind: 'video', duration_ms: 65_000 });
  await world.does('全種 栞', { kind: 'audio', duration_ms: 4_000 });
  await world.does('全種 栞', { kind: 'file', name: '<b>見積書.pdf', size: 20_480 });
  await world.does('全種 栞', { kind: 'sticker', package: '446', sticker: '1988' });
  await world.does('全種 栞', { kind: 'sticker', package: '1', sticker: '1' });
  await world.does('全種 栞', {
    kind: 'location',
    title: '本社',
    address: '東京都千代田区',
    latitude: 35.68,
    longitude: 139.76,
  });
  const { page, context } = await world.desk('hanako');
  await world.open(page, '全種 栞');
  await sleepless(
    'four pictures in one bubble',
    async () => (await page.locator('.pictures.many .picture').count()) === 4,
  );
  expect(await page.locator('article:has(.pictures.many)').count()).toBe(1);
  const film = page.locator('article:has([data-kind=video])');
  await film.filter({ hasText: '1:05' }).waitFor();
  await page.locator('article:has([data-kind=audio])').filter({ hasText: '0:04' }).waitFor();
  const file = page.locator('article:has([data-kind=file])');
  expect(await file.innerText()).toContain('<b>見積書.pdf');
  await sleepless('a size', async () => (await file.innerText()).includes('20 KB'));
  const [download] = await Promise.all([page.waitForEvent('download'), file.locator('a[download]').click()]);
  expect(download.suggestedFilename()).toContain('見積書');
  await loaded(page, 'article:has([data-kind=sticker]) .bubble img');
  await page.locator('article:has([data-kind=sticker]) .plain').waitFor();
  const map = page.locator('article:has([data-kind=location]) a');
  expect(await map.getAttribute('href')).toBe('https://www.google.com/maps/search/?api=1&query=35.680000%2C139.760000');
  expect(await map.getAttribute('rel')).toBe('noopener noreferrer');
  await context.close();
});

test('media that cannot be had say why, and media that are late come by themselves', async () => {
  const late = await world.does('遅延 律', { kind: 'image', ready: 'never' }).catch(() => '');
  expect(late).not.toBe('');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '遅延 律');
  await page.locator('article .absent.waiting').filter({ hasText: '受信しています' }).waitFor();
  await world.phone(`/contents/${late}`, { ready: 'ready' });
  await loaded(page, 'article.inbound .picture img');
  await context.close();
});

test('a pasted screenshot, a chosen file and a sticker reach the phone in their order, after the text', async () => {
  await world.say('送付 凛', '図面をください');
  const { page, context } = await world.desk('taro');
  await holding(page, '送付 凛');
  const png = picture(640, 420).toString('base64');
  await composer(page).click();
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
    const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(paste);
  }, png);
  await page.locator('.tray [data-piece=image]').filter({ hasText: 'スクリーンショット' }).waitFor();
  await page.locator('.composer input[type=file]').setInputFiles({
    name: '図面.pdf',
    mimeType: 'application/pdf',
    buffer: Buffer.from(`%PDF-1.7\n${'x'.repeat(2_000)}`),
  });
  await page.locator('.tray [data-piece=file]').filter({ hasText: 'リンクで送信' }).waitFor();
  await page.getByRole('button', { name: 'スタンプ', exact: true }).click();
  await page.locator('.stickers .grid button').first().click();
  await page.locator('.tray [data-piece=sticker]').waitFor();
  await composer(page).fill('こちらです');
  await page.keyboard.press('Enter');
  await sent(page, 'sticker').waitFor();
  await sent(page, 'image').waitFor();
  expect(await page.locator('.tray').count()).toBe(0);
  await loaded(page, 'article.outbound .picture img');
  const phone = (await world.phoneOf('送付 凛')).slice(1);
  expect(phone.map((it) => it.type)).toEqual(['text', 'image', 'text', 'sticker']);
  expect(phone[2].text).toContain('図面.pdf');
  expect(phone[3].stickerId).toBe('1988');
  await context.close();
});

test('what is attached outlives a reload, and what cannot be sent says so before it is', async () => {
  await world.say('添付 澪', 'お願いします');
  const { page, context } = await world.desk('taro');
  await holding(page, '添付 澪');
  const input = page.locator('.composer input[type=file]');
  await input.setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: picture(60, 40) });
  await page.locator('.tray [data-piece=image]').waitFor();
  await page.reload();
  await page.locator('.tray [data-piece=image]').filter({ hasText: 'a.png' }).waitFor();
  await input.setInputFiles({ name: '空.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
  const bad = page.locator('.tray [data-piece=bad]').filter({ hasText: '空のファイルです' });
  await bad.waitFor();
  expect(await page.locator('.composer .primary').isDisabled()).toBe(true);
  expect(await page.locator('.composer .say').innerText()).toContain('送信できない添付');
  await bad.getByRole('button', { name: /外す/ }).click();
  expect(await page.locator('.composer .primary').isDisabled()).toBe(false);
  // A memo carries nothing, and says so.
  await page.keyboard.press('Control+Shift+U');
  expect(await page.locator('.tray').count()).toBe(0);
  await page.keyboard.press('Control+Shift+U');
  await composer(page).focus();
  await page.keyboard.press('Enter');
  await sent(page, 'image').waitFor();
  await context.close();
});

test('a card, a place and quick replies are put together by form and arrive as such', async () => {
  await world.say('カード 奏', '店舗はどこですか');
  const { page, context } = await world.desk('taro');
  await holding(page, 'カード 奏');
  await page.getByRole('button', { name: '位置情報', exact: false }).click();
  const dialog = page.locator('dialog');
  await dialog.locator('input').first().fill('東京駅');
  expect(await dialog.locator('.primary').isDisabled()).toBe(true);
  await dialog.locator('input').first().fill('35.681236, 139.767125');
  await dialog.getByLabel('名称').fill('東京店');
  await dialog.getByLabel('住所').fill('東京都千代田区丸の内1-9-1');
  await dialog.locator('.primary').click();
  await page.getByRole('button', { name: 'カード', exact: false }).click();
  await dialog.getByLabel('見出し').fill('東京店');
  await dialog.getByLabel('本文').fill('10時から19時まで営業しています。');
  await dialog.getByLabel('ボタン 1', { exact: false }).first().fill('予約する');
  await dialog.locator('.primary').click();
  await page.getByRole('button', { name: 'クイックリプライ', exact: false }).click();
  await dialog.getByLabel('ボタン 1', { exact: false }).first().fill('はい');
  await dialog.getByRole('button', { name: /ボタンを追加/ }).click();
  await dialog.getByLabel('ボタン 2', { exact: false }).first().fill('いいえ');
  await dialog.locator('.primary').click();
  await page.locator('.tray .replies').filter({ hasText: 'いいえ' }).waitFor();
  await composer(page).focus();
  await page.keyboard.press('Enter');
  await sent(page, 'cards').waitFor();
  await sent(page, 'location').waitFor();
  const phone = (await world.phoneOf('カード 奏')).slice(1);
  expect(phone.map((it) => it.type)).toEqual(['location', 'template']);
  expect(phone[0]).toMatchObject({ title: '東京店', latitude: 35.681236 });
  expect(phone[1].quickReply.items.map((it: { action: { label: string } }) => it.action.label)).toEqual([
    'はい',
    'いいえ',
  ]);
  await context.close();
});

test('the free answer counts down; in reply mode a late one waits as 未送信, can be withdrawn, and the rest goes with the next message', async () => {
  await world.say('無料 楓', 'いますか');
  const { page, context } = await world.desk('hanako');
  const { items } = await world.api('GET', '/inboxes');
  await world.api('PATCH', `/inboxes/${items[0].id}`, { settings: { mode: 'reply' } });
  try {
    await holding(page, '無料 楓');
    expect(await page.locator('[data-goes=free]').innerText()).toMatch(/無料返信 残り \d+ 秒/);
    await composer(page).fill('はい、おります');
    await page.keyboard.press('Enter');
    await page.locator('article[data-state=sent]').filter({ hasText: 'おります' }).waitFor();
    await page.locator('[data-goes=waits]').waitFor();
    for (const text of ['取り消す返事', '待つ返事']) {
      await composer(page).fill(text);
      await page.keyboard.press('Enter');
      await page.locator('article[data-state=unsent]').filter({ hasText: text }).waitFor();
    }
    expect(await page.locator('.waiting').innerText()).toContain('未送信 2 件');
    await page.locator('article[data-state=unsent]').filter({ hasText: '取り消す返事' }).getByRole('button').click();
    await page.locator('article[data-state=cancelled]').filter({ hasText: '取り消す返事' }).waitFor();
    await world.say('無料 楓', 'もう一つ質問です');
    await page.locator('article[data-state=sent]').filter({ hasText: '待つ返事' }).waitFor();
    const shown = await world.shown('無料 楓');
    expect(shown.filter((it) => it.includes('返事'))).toEqual(['待つ返事']);
  } finally {
    await world.api('PATCH', `/inboxes/${items[0].id}`, { settings: { mode: 'auto' } });
    await context.close();
  }
});

test("the customer's own name and face are shown, and a block is", async () => {
  await world.say('横顔 蓮', 'こんにちは');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '横顔 蓮');
  await page.locator('.pane-thread h2').filter({ hasText: '横顔 蓮' }).waitFor();
  await loaded(page, '.pane-thread header .face img');
  await loaded(page, `.list li a[href$="${world.ids['横顔 蓮']}"] .face img`);
  await world.does('横顔 蓮', { kind: 'unfollow' });
  await page.locator('.pane-thread header').getByText('ブロック中').waitFor();
  await context.close();
});

test('the customer is shown that it was read only when the holder has looked, and that somebody writes only for answers', async () => {
  await world.say('既読 湊', '読みましたか');
  const { page, context } = await world.desk('hanako');
  const calls = async (part: string) =>
    (await world.phone('/calls')).filter((it: { path: string }) => it.path.includes(part)).length;
  const before = { read: await calls('markAsRead'), typing: await calls('loading') };
  await world.open(page, '既読 湊');
  await page.locator('main article').filter({ hasText: '読みましたか' }).waitFor();
  await page.waitForFunction(() => !document.querySelector('.list a.current b'));
  expect(await calls('markAsRead'), 'nobody holds the seat').toBe(before.read);
  await page.locator('[data-main=start]').click();
  await sleepless('a mark of being read', async () => (await calls('markAsRead')) > before.read);
  await page.locator('[data-main=complete]').waitFor();
  await page.keyboard.press('Control+Shift+U');
  await composer(page).pressSequentially('メモです');
  await page.keyboard.press('Enter');
  await page.locator('article.note').waitFor();
  expect(await calls('loading')).toBe(before.typing);
  await page.keyboard.press('Control+Shift+U');
  await composer(page).pressSequentially('ただいま');
  await sleepless('a sign of writing', async () => (await calls('loading')) > before.typing);
  await context.close();
});
