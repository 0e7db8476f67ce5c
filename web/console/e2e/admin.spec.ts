// A new organisation from an empty store, by hand, as its first owner would do it; then the fears of administrators.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composer, PASSWORD, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open({ bare: true });
});
afterAll(() => world?.close());

const press = (page: Page, name: string | RegExp) =>
  page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click();
const field = (page: Page, name: string) => page.locator(`[name="${name}"]:visible`);
const page_ = (page: Page, name: string) => page.locator('.admin nav a').filter({ hasText: name }).click();
const saved = (page: Page) => page.locator('.bar').waitFor({ state: 'detached' });
const member = { hanako: '佐藤 花子', taro: '鈴木 太郎' };

/** An administrator's page, logged in and in the administration. */
async function owner() {
  const context = await world.browser.newContext({ locale: 'ja-JP', viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  await page.goto(`${world.url}/admin`);
  await page.locator('input[name=username]').fill('owner');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('.admin h1').first().waitFor();
  return { context, page };
}

test('a new organisation: window, hours, two agents by invitation, LINE account tested, first customer answered', async () => {
  // The first owner comes to a desk without windows, which leads to where one makes them.
  const context = await world.browser.newContext({ locale: 'ja-JP', viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  await page.goto(world.url);
  await page.locator('input[name=username]').fill('owner');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('.nothing').getByRole('button', { name: '管理' }).click();

  // The window, with every limit said at its field.
  await press(page, '窓口アカウントを追加');
  await field(page, 'name').fill('あ'.repeat(21));
  await field(page, 'id').fill('Support');
  expect(await page.locator('.over').innerText()).toContain('21 / 20');
  await press(page, '保存');
  await page.locator('.error').first().waitFor();
  expect(await page.locator('[aria-invalid=true]').count()).toBeGreaterThan(0);
  await field(page, 'name').fill('サポート窓口');
  await field(page, 'id').fill('support');
  await field(page, 'description').fill('ご注文とお届けのお問い合わせ');
  await press(page, '保存');
  await page.locator('h1').filter({ hasText: 'サポート窓口' }).waitFor();
  await page.getByText('窓口対応者 0 / 5 席').waitFor();

  // Two agents by invitation; each link is shown once and works once.
  const links: string[] = [];
  for (const login of ['hanako', 'taro'] as const) {
    await page_(page, '招待');
    await press(page, '招待リンクを作成');
    await page.locator('dialog .picks label').filter({ hasText: 'サポート窓口' }).click();
    await page.locator('dialog [name=login]').fill(login);
    await page.locator('dialog').getByRole('button', { name: '作成' }).click();
    const link = await page.locator('dialog .secret input').inputValue();
    expect(link).toContain('/invite#');
    links.push(link);
    await page.locator('dialog .primary').click();
    const guest = await world.browser.newContext({ locale: 'ja-JP' });
    const invited = await guest.newPage();
    invited.setDefaultTimeout(8_000);
    await invited.goto(link);
    await field(invited, 'name').fill(member[login]);
    expect(await field(invited, 'login').inputValue()).toBe(login);
    expect(invited.url(), 'the secret leaves the address').not.toContain('#');
    await field(invited, 'password').fill('password');
    await field(invited, 'again').fill('password');
    await press(invited, '登録してログイン');
    await invited.getByText('推測されにくいパスワード').waitFor();
    await field(invited, 'password').fill(PASSWORD);
    await field(invited, 'again').fill(PASSWORD);
    await press(invited, '登録してログイン');
    await invited.locator('nav a.current').filter({ hasText: 'サポート窓口' }).waitFor({ state: 'attached' });
    await guest.close();
  }
  const again = await context.newPage();
  await again.goto(links[0] ?? '');
  await again.getByText('この招待リンクは使用できません').waitFor();
  await again.close();
  // A page looks every 15 s at what others have changed.
  await page.locator('td.empty').getByText('未使用の招待はありません').waitFor({ timeout: 20_000 });

  // Hours: a pause at noon, and what a customer is told on a Sunday.
  await page_(page, '窓口一覧');
  await page.getByRole('button', { name: 'サポート窓口の詳細設定' }).click();
  for (const day of ['saturday', 'sunday']) await page.locator(`input[name="week.${day}"]`).uncheck();
  await page.getByLabel('月曜日の開始時刻 1').fill('9');
  await page.getByLabel('月曜日の終了時刻 1').fill('１２：００');
  await page.getByRole('button', { name: '月曜日に時間帯を追加' }).click();
  await page.getByLabel('月曜日の終了時刻 2').fill('12');
  await page.getByLabel('月曜日の終了時刻 2').blur();
  await page.getByText('終了は開始より後にしてください').waitFor();
  await page.getByLabel('月曜日の終了時刻 2').fill('18:00');
  await page.getByRole('button', { name: '火～金に適用' }).click();
  expect(await page.getByLabel('金曜日の終了時刻 2').inputValue()).toBe('18:00');
  await field(page, 'greeting').fill('友だち追加ありがとうございます。{window}です。');
  await field(page, 'absence').fill('{name}様、ただいま営業時間外です。');
  await page.locator('[name=preview-at]').fill('2026-11-29T10:00');
  await page.locator('.phone[data-state=closed] .bubble[data-kind=absence]').waitFor();
  expect(await page.locator('.phone .bubble').innerText()).toContain('ただいま営業時間外です');
  await press(page, '保存');
  await saved(page);
  const hours = await world.api('GET', '/windows/support/hours');
  expect(hours.week.friday).toEqual([
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ]);
  expect(hours.week.sunday).toEqual([]);
  // The story goes on at any hour of the day.
  await world.api('PUT', '/windows/support/hours', {
    ...hours,
    week: Object.fromEntries(Object.keys(hours.week).map((day) => [day, [{ from: '00:00', to: '24:00' }]])),
  });

  // The LINE account, against the double.
  await page.locator('.tabs a').filter({ hasText: '外部チャネル連携' }).click();
  const channel = await world.addChannel('サポート窓口');
  await press(page, 'LINE公式アカウントを連携');
  await page.locator('.cards label').filter({ hasText: '自動' }).click();
  await field(page, 'channel_secret').fill(channel.secret);
  await field(page, 'channel_access_token').fill('wrong');
  await page.getByText('その他の設定').click();
  await field(page, 'api_base_url').fill(world.places.api);
  await field(page, 'api_data_base_url').fill(world.places.data);
  await press(page, '保存');
  await page.locator('[data-inbox]').waitFor();
  await press(page, '接続テスト');
  await page.locator('[data-finding=token_refused]').waitFor();
  await field(page, 'channel_access_token').fill(channel.access_token);
  await press(page, '保存');
  await saved(page);
  await press(page, '接続テスト');
  await page.locator('[data-finding=no_endpoint]').waitFor();
  await press(page, 'Webhook URLをLINEに登録');
  await page.locator('.toast').filter({ hasText: 'LINEに登録しました' }).waitFor();
  await press(page, '接続テスト');
  await page.locator('.findings[data-ok=true]').waitFor();
  expect(await page.locator('body').innerText()).not.toContain(channel.secret);
  expect(await field(page, 'channel_secret').inputValue(), 'a stored secret is never shown').toBe('');

  // The first customer.
  await world.does('最初 のお客様', { kind: 'follow' });
  await world.say('最初 のお客様', 'はじめまして');
  const desk = await world.desk('hanako');
  await world.open(desk.page, '最初 のお客様');
  await desk.page.locator('[data-main=start]').click();
  await composer(desk.page).fill('お問い合わせありがとうございます。');
  await desk.page.keyboard.press('Enter');
  await desk.page.locator('article[data-state=sent]').filter({ hasText: 'お問い合わせありがとう' }).waitFor();
  const shown = await world.shown('最初 のお客様');
  expect(
    shown.filter((it) => it.includes('友だち追加ありがとうございます')),
    shown.join('|'),
  ).toHaveLength(1);
  expect(shown.at(-1)).toBe('お問い合わせありがとうございます。');
  await Promise.all([context.close(), desk.context.close()]);
}, 180_000);

test('what was changed and not saved is not lost by a press beside it', async () => {
  const { page, context } = await owner();
  await page.locator('tbody').getByText('サポート窓口').click();
  await field(page, 'description').fill('書きかけ');
  await page_(page, '監査ログ');
  await page.locator('dialog').getByText('保存していない変更があります').waitFor();
  await press(page, '編集を続ける');
  expect(await field(page, 'description').inputValue()).toBe('書きかけ');
  await page.goBack().catch(() => null);
  await page.locator('dialog').waitFor();
  expect(page.url(), 'the address is still that of the page').toContain('/admin/windows/support');
  await press(page, '変更を破棄して移動');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.goto(`${world.url}/admin/windows/support/info`);
  expect(await field(page, 'description').inputValue()).toBe('ご注文とお届けのお問い合わせ');
  // Somebody else saves the same form meanwhile: what one types stays, and one is told.
  await field(page, 'description').fill('こちらの変更');
  await world.api('PATCH', '/windows/support', { description: 'あちらの変更' });
  await page.getByText('ほかの人が同じ設定を変更しました').waitFor();
  expect(await field(page, 'description').inputValue()).toBe('こちらの変更');
  await page.keyboard.press('Control+s');
  await saved(page);
  expect((await world.api('GET', '/windows/support')).description).toBe('こちらの変更');
  await context.close();
});

test('whoever is removed from a window loses it before their eyes, and the last one cannot be', async () => {
  const taro = await world.desk('taro');
  const { page, context } = await owner();
  await page.goto(`${world.url}/admin/windows/support/agents`);
  await page.getByRole('button', { name: '鈴木 太郎を窓口から削除' }).click();
  await page.locator('dialog .danger').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await taro.page.locator('.pane-thread .nothing').getByText('窓口').first().waitFor();
  await taro.page.locator('nav li').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '佐藤 花子を窓口から削除' }).click();
  await page.locator('dialog .danger').click();
  await page.locator('dialog').getByText('最後の窓口対応者は削除できません').waitFor();
  await page.locator('dialog').getByRole('button', { name: 'キャンセル' }).click();
  await press(page, '窓口対応者を追加');
  await page.locator('dialog input[type=search]').fill('taro');
  await page.getByRole('button', { name: '鈴木 太郎を追加' }).click();
  await taro.page.locator('nav a').filter({ hasText: 'サポート窓口' }).first().waitFor({ state: 'attached' });
  await Promise.all([context.close(), taro.context.close()]);
});

test('a supervisor sees the figures move and acts on everything that one agent holds, each with its own result', async () => {
  await world.api('PATCH', `/agents/${(await agent('taro')).id}`, { role: 'supervisor' });
  await world.say('一括 一', 'こんにちは');
  await world.say('一括 二', 'こんばんは');
  const hanako = await world.desk('hanako');
  for (const name of ['一括 一', '一括 二']) {
    await hanako.page.locator('.tabs .new').click();
    await world.open(hanako.page, name);
    await hanako.page.locator('[data-main=start]').click();
    await hanako.page.locator('[data-main=complete]').waitFor();
  }
  const chief = await world.desk('taro');
  const { page } = chief;
  await page.locator('nav .admin').click();
  await page.locator('h1').filter({ hasText: '監督' }).waitFor();
  expect(await page.locator('.admin nav li').count(), 'a supervisor sets nothing up').toBe(2);
  const wall = page.locator('[data-window=support]');
  await sleepless(
    'two more in progress',
    async () => Number(await wall.locator('[data-figure=in_progress]').innerText()) >= 3,
  );
  await world.say('一括 三', 'あとから');
  await sleepless('one waits', async () => (await wall.locator('[data-figure=new]').innerText()) === '1');
  await page.getByRole('button', { name: '佐藤 花子さんの会話をまとめて操作' }).click();
  await page.locator('dialog label').filter({ hasText: '未対応に戻す' }).click();
  await page.locator('dialog [name=reason]').fill('本日はお休みのため');
  await page.locator('dialog').getByRole('button', { name: '実行' }).click();
  await page.locator('dialog').getByText('3 件のうち 3 件を実行しました').waitFor();
  await hanako.page.locator('[data-main=start]').waitFor();
  await hanako.page.locator('.event').filter({ hasText: '本日はお休みのため' }).first().waitFor();
  await page.locator('dialog .primary').click();
  await wall.getByRole('button', { name: '会話を選択' }).click();
  await page.locator('dialog li').filter({ hasText: '一括 一' }).click();
  await page.locator('dialog .primary').click();
  await page.locator('dialog label').filter({ hasText: '担当者を変更' }).click();
  await page.locator('dialog [name=to]').selectOption({ label: '佐藤 花子（待機）' });
  await page.locator('dialog [name=reason]').fill('花子さんのお客様');
  await page.locator('dialog').getByRole('button', { name: '実行' }).click();
  await page.locator('dialog li').filter({ hasText: '一括 一' }).waitFor();
  expect((await world.conversation('一括 一')).assignee).toBe((await agent('hanako')).id);
  await Promise.all([hanako.context.close(), chief.context.close()]);
}, 120_000);

test('sending that is held is said at every desk, and again when it is released', async () => {
  const hanako = await world.desk('hanako');
  const { page, context } = await owner();
  await page_(page, '運用状態');
  await press(page, '送信を止める');
  await page.locator('dialog .danger').click();
  await page.locator('[data-held=true]').waitFor();
  await hanako.page.locator('.pane-thread [data-trouble=sending_held]').waitFor();
  await press(page, '送信を再開する');
  await page.locator('dialog .primary').click();
  await page.locator('[data-held=false]').waitFor();
  await hanako.page.locator('.pane-thread [data-trouble=sending_held]').waitFor({ state: 'detached' });
  await Promise.all([context.close(), hanako.context.close()]);
});

test('a window under maintenance says so at its desks at once, and the customer is told', async () => {
  const hanako = await world.desk('hanako');
  const { page, context } = await owner();
  await page.goto(`${world.url}/admin/windows/support/settings`);
  const card = page.locator('section').filter({ hasText: 'メンテナンス中にする' });
  await card.locator('textarea').fill('メンテナンス中です。17時に再開します。');
  await card.locator('[role=switch]').click();
  await hanako.page.locator('.pane-thread [data-opening=maintenance]').waitFor();
  await world.say('保守 のお客様', 'つながりますか');
  await sleepless('the answer', async () =>
    (await world.shown('保守 のお客様')).some((it) => it.includes('17時に再開')),
  );
  await card.locator('[role=switch]').click();
  await hanako.page.locator('.pane-thread [data-opening=maintenance]').waitFor({ state: 'detached' });
  await Promise.all([context.close(), hanako.context.close()]);
});

test('a token is shown once, works within its scopes, and everything done stands in the audit log', async () => {
  const { page, context } = await owner();
  await page_(page, 'APIトークン');
  await press(page, 'APIトークンを作成');
  await page.locator('dialog [name=name]').fill('集計プログラム');
  await page.locator('dialog').getByRole('button', { name: '作成', exact: true }).click();
  const secret = await page.locator('dialog .secret input').inputValue();
  await page.locator('dialog .primary').click();
  const by = (path: string, method = 'GET', body?: object) =>
    fetch(`${world.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  expect((await by('/windows')).status).toBe(200);
  expect((await by('/windows/support', 'PATCH', { name: '別の名前' })).status).toBe(403);
  expect(await page.locator('tbody').innerText()).toContain('閲覧');
  expect(await page.locator('body').innerText()).not.toContain(secret);
  await page.getByRole('button', { name: '集計プログラムを無効にする' }).click();
  await page.locator('dialog .danger').click();
  await page.getByText('APIトークンはありません').waitFor();
  expect((await by('/windows')).status).toBe(401);
  await page_(page, '監査ログ');
  for (const act of ['窓口の追加', '招待リンクの作成', 'APIトークンの作成', '一括操作', '送信の停止・再開']) {
    await page.locator('td').filter({ hasText: act }).first().waitFor();
  }
  await page.locator('.filters select').nth(1).selectOption({ label: 'APIトークンの無効化' });
  await sleepless('one row', async () => (await page.locator('tbody tr').count()) === 1);
  await page.getByRole('button', { name: '詳細' }).click();
  await page.locator('.detail .hash').waitFor();
  await context.close();
});

test('somebody who is disabled is out at once, and an agent finds no way into the administration', async () => {
  const hanako = await world.desk('hanako');
  expect(await hanako.page.locator('nav .admin').count()).toBe(0);
  await hanako.page.goto(`${world.url}/admin/windows`);
  await hanako.page.getByText('この画面を開く権限がありません').waitFor();
  await hanako.page.goto(world.url);
  await hanako.page.locator('nav a.current').first().waitFor({ state: 'attached' });
  const { page, context } = await owner();
  await page_(page, 'メンバーと権限');
  await page.locator('tbody').getByText('佐藤 花子').click();
  await press(page, '停止');
  await page.locator('dialog .danger').click();
  await page.getByText('このメンバーは停止中です').waitFor();
  await hanako.page.locator('.expired').waitFor();
  await press(page, '停止を解除');
  await page.locator('dialog .primary').click();
  await page.getByText('このメンバーは停止中です').waitFor({ state: 'detached' });
  await Promise.all([context.close(), hanako.context.close()]);
});

test('a window is reset only by its name, and its agents see no desk', async () => {
  await world.api('POST', '/windows', { id: 'other', name: '別の窓口', product: 5 });
  const { page, context } = await owner();
  await page.goto(`${world.url}/admin/windows/other/reset`);
  await press(page, '初期化する');
  const confirm = page.locator('dialog .danger');
  expect(await confirm.isDisabled()).toBe(true);
  await page.locator('dialog [name=confirm]').fill('別の窓口 ');
  expect(await confirm.isDisabled()).toBe(true);
  await page.locator('dialog [name=confirm]').fill('別の窓口');
  await confirm.click();
  await page.locator('.toast').filter({ hasText: '初期化しました' }).waitFor();
  expect(await page.locator('tbody').innerText()).not.toContain('別の窓口');
  await context.close();
});

const agent = async (login: string) =>
  (await world.api('GET', '/agents')).items.find((it: { login: string }) => it.login === login);
