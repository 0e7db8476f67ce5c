// A bot in front of a window, from the administration to the desk: it answers, hands over, is taken over from, and fails.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from './axe';
import { BotDouble } from './botdouble';
import { bubbles, composer, sleepless, World } from './world';

let world: World;
const bot = new BotDouble();
beforeAll(async () => {
  world = await World.open();
  await bot.listen();
  bot.server = world.url;
}, 120_000);
afterAll(async () => {
  bot.close();
  await world?.close();
});

const card = (page: Page) => page.locator('[data-testid=bot]');
const open = async (page: Page) => {
  await page.goto(`${world.url}/admin/windows/support/channels`);
  await page.getByText('新しい会話にボットが先に応答し').first().waitFor();
};

test('a bot is put in front; what opens the door is shown once, and never again', async () => {
  const { page, context } = await world.desk('owner');
  await open(page);
  await page.getByRole('button', { name: 'ボットを設置' }).click();
  expect(await violations(page, 'a new bot')).toEqual([]);
  await page.getByLabel('ボットの名前').fill('案内ボット');
  await page.getByLabel('Webhook URL').last().fill('ftp://example.com');
  await page.locator('.bar .primary').click();
  await page.locator('[name=endpoint_url][aria-invalid=true]').waitFor();
  await page.getByLabel('Webhook URL').last().fill(bot.url);
  await page.locator('[name=answer_within_ms]').fill('4');
  await page.locator('[name=answer_within_ms]').blur();
  await page.getByRole('switch', { name: /あいさつする/ }).click();
  await page.locator('.bar .primary').click();
  const once = page.locator('[data-testid=bot-once]');
  bot.secret = await once.getByLabel('署名シークレット').inputValue();
  bot.token = await once.getByLabel('APIトークン').inputValue();
  expect([bot.secret.slice(0, 6), bot.token.slice(0, 4)]).toEqual(['whsec_', 'mdb_']);
  await sleepless('no toast', async () => (await page.locator('.toast').count()) === 0);
  expect(await violations(page, 'what is shown once')).toEqual([]);
  await once.getByRole('button', { name: '設定しました' }).click();
  await once.waitFor({ state: 'detached' });
  await card(page).getByRole('button', { name: '接続テスト' }).click();
  await page.locator('[data-testid=bot-tested].good').waitFor();
  expect(bot.told.map((it) => it.type)).toEqual(['ping']);
  await page.reload();
  await card(page).waitFor();
  expect(await page.content()).not.toContain(bot.token);
  expect(await page.content()).not.toContain(bot.secret);
  expect(await violations(page, 'the bot')).toEqual([]);
  await context.close();
});

test('the bot answers under its name, hands over with a summary, and people find what it holds', async () => {
  const { page, context } = await world.desk('hanako');
  await world.say('客 一', '営業時間を教えてください');
  await sleepless('its answer', async () => (await world.shown('客 一')).includes('平日9時から18時です。'));
  const filter = page.locator('.list .bots');
  await sleepless('one that it holds', async () => (await filter.innerText()).trim().startsWith('1'));
  await filter.click();
  await page.locator('.tabs .in_progress[aria-pressed=true]').waitFor();
  await page.locator('.list [data-bot]').getByText('ボット対応中').waitFor();
  await world.open(page, '客 一');
  await page.locator('header [data-bot]').getByText('案内ボットが対応中').waitFor();
  await bubbles(page, '平日9時から18時です。').waitFor();
  // Said once above everything that it said in one go.
  expect(await page.locator('article.outbound .who').allInnerTexts()).toEqual(['案内ボット']);
  expect(await composer(page).count()).toBe(0);
  expect(await violations(page, 'held by the bot')).toEqual([]);

  await world.say('客 一', '返品したいです');
  await page.locator('.event').getByText('ボットから引き継ぎの依頼がありました').waitFor();
  const memo = page.locator('article.note').filter({ hasText: 'お客様のご用件: 返品したいです' });
  await memo.getByText('案内ボット').waitFor();
  expect(await memo.getByRole('button').count()).toBe(0);
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  await composer(page).fill('担当の佐藤です。返品を承ります。');
  await page.keyboard.press('Enter');
  await bubbles(page, '返品を承ります').and(page.locator('[data-state=sent]')).waitFor();
  // Given back, it answers again.
  await page.locator('[data-act=to-bot]').click();
  await page.locator('header [data-bot]').waitFor();
  await world.say('客 一', '営業時間は変わりませんか');
  await sleepless('another answer', async () => {
    const shown = await world.shown('客 一');
    return shown.filter((it) => it === '平日9時から18時です。').length === 2;
  });
  await page.locator('.list .bots').click();
  await context.close();
});

test('a member takes over at any time, and what the bot says too late reaches nobody', async () => {
  bot.silent = true;
  const { page, context } = await world.desk('taro');
  await world.say('客 二', 'すぐに人と話したい');
  await page.locator('.tabs .in_progress').click();
  await world.open(page, '客 二');
  await page.locator('[data-main=take]').click();
  await page.locator('[data-main=complete]').waitFor();
  const told = await sleepless('what it was told', async () => {
    return bot.told.find(
      (it) => it.message?.content.text === 'すぐに人と話したい' || it.type === 'conversation.started',
    );
  });
  expect(
    await bot.call(bot.told.findLast((it) => it.conversation?.id === world.ids['客 二']) ?? told, 'messages', {
      client_id: 'late',
      content: { type: 'text', text: '遅れました' },
    }),
  ).toBe(409);
  await composer(page).fill('鈴木です。どうされましたか。');
  await page.keyboard.press('Enter');
  await sleepless('the person', async () => (await world.shown('客 二')).includes('鈴木です。どうされましたか。'));
  expect(await world.shown('客 二')).not.toContain('遅れました');
  await context.close();
});

test('a bot that says nothing or no opens the conversation to people; what it missed is told again, or put away', async () => {
  const { page, context } = await world.desk('owner');
  const desk = await world.desk('hanako');
  bot.silent = true;
  await world.say('客 三', '誰かいますか');
  await desk.page.locator('.tabs .in_progress').click();
  await world.open(desk.page, '客 三');
  // The bot has its seconds first.
  await desk.page.locator('.event').getByText('ボットから応答がないため').waitFor({ timeout: 25_000 });
  await desk.page.locator('[data-main=start]').waitFor();
  bot.silent = false;
  bot.status = 410;
  for (const name of ['客 四', '客 五']) {
    await world.say(name, '営業時間は？');
    await sleepless('people', async () => (await world.conversation(name)).status === 'new');
  }
  await open(page);
  const dead = page.locator('[data-dead]');
  await sleepless('two that it missed', async () => (await dead.count()) >= 2);
  expect(await card(page).getAttribute('data-standing')).toBe('trouble');
  await card(page)
    .getByText(/連続\d+回、ボットに届いていません/)
    .waitFor();
  expect(await violations(page, 'dead letters')).toEqual([]);
  const four = page.locator(`[data-dead="${world.ids['客 四']}"]`);
  await four.getByText('ボットが拒否しました（410）').first().waitFor();
  await page.locator(`[data-dead="${world.ids['客 五']}"]`).getByRole('button', { name: '削除' }).click();
  await page.locator('dialog .button.danger').click();
  await page.locator(`[data-dead="${world.ids['客 五']}"]`).waitFor({ state: 'detached' });
  bot.status = 204;
  await four.getByRole('button', { name: '再送' }).click();
  await sleepless('the answer after all', async () => (await world.shown('客 四')).includes('平日9時から18時です。'));
  await four.waitFor({ state: 'detached' });

  // Its secret is drawn anew: it signs with both until the bot has followed.
  const token = bot.token;
  await card(page).getByRole('button', { name: 'APIトークンを再発行' }).click();
  await page.locator('dialog .button.danger').click();
  bot.token = await page.locator('[data-testid=bot-once]').getByLabel('APIトークン').inputValue();
  expect(bot.token).not.toBe(token);
  await page.locator('[data-testid=bot-once] .primary').click();
  await card(page).getByRole('button', { name: '署名シークレットを再発行' }).click();
  await page.locator('dialog .button.primary').click();
  const fresh = await page.locator('[data-testid=bot-once]').getByLabel('署名シークレット').inputValue();
  await page.locator('[data-testid=bot-once] .primary').click();
  for (const secret of [bot.secret, fresh]) {
    bot.secret = secret;
    await card(page).getByRole('button', { name: '接続テスト' }).click();
    await page.locator('[data-testid=bot-tested].good').waitFor();
  }
  expect(bot.unsigned).toEqual([]);

  // Switched off, new conversations go to people at once.
  await page.getByRole('switch', { name: /ボットを使う/ }).click();
  await page.locator('.bar .primary').click();
  await page.locator('[data-testid=bot][data-standing=off]').waitFor();
  await world.say('客 六', '営業時間は？');
  expect((await world.conversation('客 六')).status).toBe('new');
  await card(page).getByRole('button', { name: 'ボットを外す' }).click();
  await page.locator('dialog .button.danger').click();
  await page.getByRole('button', { name: 'ボットを設置' }).waitFor();
  await sleepless('no filter', async () => (await desk.page.locator('.list .bots').count()) === 0);
  await Promise.all([context.close(), desk.context.close()]);
}, 120_000);
