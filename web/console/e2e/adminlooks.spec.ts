// Every page of the administration: axe in both themes, nothing wider than the screen; and pictures for people to look at.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pictures, type Size, sizes, violations } from './axe';
import { PASSWORD, sleepless, World } from './world';

let world: World;
let link = '';
beforeAll(async () => {
  world = await World.open();
  await furnish();
}, 120_000);
afterAll(() => world?.close());

/** An organisation that has been at work for a while. */
async function furnish() {
  await world.api('POST', '/windows', {
    id: 'shop',
    name: 'オンラインショップ',
    product: 30,
    description: 'ご注文とお届け',
  });
  for (const [login, name, role] of [
    ['kenji', '渡辺 健二', 'administrator'],
    ['emma@example.com', 'Emma Wilson', 'agent'],
    ['aoi', '加藤 葵', 'agent'],
  ] as const) {
    const { id } = await world.api('POST', '/agents', { login, name, role, password: PASSWORD });
    await world.api('PUT', `/windows/shop/agents/${id}`);
    if (login === 'aoi') await world.api('POST', `/agents/${id}/disable`);
  }
  const day = [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '18:00' },
  ];
  await world.api('PUT', '/windows/support/hours', {
    time_zone: 'Asia/Tokyo',
    week: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: [], sunday: [] },
    holidays: { calendar: 'japan', ranges: [] },
    auto_close_in_business_days: true,
  });
  await world.api('PUT', '/windows/support/answers', {
    greeting: '友だち追加ありがとうございます。{window}です。ご質問はこちらのトークでお気軽にどうぞ。',
    absence: '{name}様、お問い合わせありがとうございます。ただいま営業時間外です。\n{hours}',
    offline: { text: '', shown: 'message', when_nobody_is_here: false },
    end: { notice: 'お問い合わせありがとうございました。', after_silence_ms: 1_800_000, words: ['終了', 'おわり'] },
  });
  const year = new Date().getFullYear() + 1;
  await world.api('POST', '/windows/support/closed-periods', {
    from: `${year}-12-29`,
    to: `${year + 1}-01-03`,
    text: '年末年始休業中です。1月4日より順次ご返信いたします。',
  });
  link = (await world.api('POST', '/invitations', { role: 'agent', windows: ['support'] })).url;
  await world.api('POST', '/invitations', { role: 'supervisor', windows: ['shop'], login: 'misato@example.com' });
  await world.api('POST', '/tokens', { name: '基幹システム連携', scopes: ['read', 'work'], expires_in_days: 180 });
  await world.api('POST', '/tokens', { name: '集計', expires_in_days: 5 });
  for (const name of ['山本 葵', '中村 蓮', '小林 凛', '佐々木 大翔']) await world.say(name, 'こんにちは');
  const me = await world.api('GET', '/session');
  await world.api('PUT', `/windows/support/agents/${me.agent.id}`);
  for (const name of ['山本 葵', '中村 蓮']) await world.api('POST', `/conversations/${world.ids[name]}/claim`, {});
}

type Screen = {
  name: string;
  at?: string;
  show?: (page: Page) => Promise<void>;
  leave?: (page: Page) => Promise<void>;
};
const press = (page: Page, name: RegExp) => page.getByRole('button', { name }).first().click();
const dialog = (name: string, at: string, open: (page: Page) => Promise<void>): Screen => ({
  name,
  at,
  show: async (page) => {
    await open(page);
    await page.locator('dialog').waitFor();
  },
  leave: async (page) => {
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  },
});

const screens: Screen[] = [
  { name: 'windows', at: '/admin/windows', show: (page) => page.locator('.products li').nth(2).waitFor() },
  dialog('products', '/admin/windows', (page) => press(page, /契約数を変更|Change the numbers/)),
  dialog('invite-link', '/admin/windows', (page) => press(page, /^リンク・QRコード|^Link and QR code/)),
  {
    name: 'window-new',
    at: '/admin/windows/new',
    show: async (page) => {
      await page.locator('[name=name]').fill('とても長い名前の窓口でお客様をお待ちしています');
      await page.locator('[name=id]').fill('Ng');
      await page.locator('.bar .primary').click();
      await page.locator('.error').first().waitFor();
    },
    leave: async (page) => page.locator('.bar .button').first().click(),
  },
  { name: 'window-info', at: '/admin/windows/shop/info', show: (page) => page.locator('[name=description]').waitFor() },
  {
    name: 'window-agents',
    at: '/admin/windows/shop/agents',
    show: (page) => page.locator('tbody tr').nth(1).waitFor(),
  },
  dialog('window-agents-add', '/admin/windows/shop/agents', (page) => press(page, /窓口対応者を追加|Add an agent/)),
  dialog('window-agents-remove', '/admin/windows/shop/agents', (page) =>
    page.locator('tbody .row-acts button').first().click(),
  ),
  {
    name: 'window-settings',
    at: '/admin/windows/support/settings',
    show: (page) => page.locator('.phone').waitFor(),
  },
  {
    name: 'window-settings-changed',
    show: async (page) => {
      const to = page.getByLabel(/月曜日の終了時刻 1|Monday, closes 1/);
      await to.fill('14:00');
      await to.blur();
      await page.locator('.range .error').first().waitFor();
    },
    leave: async (page) => page.locator('.bar .button').first().click(),
  },
  dialog('closed-add', '/admin/windows/support/settings', (page) => press(page, /^休業日を追加|Add a closed period/)),
  {
    name: 'channels',
    at: '/admin/windows/support/channels',
    show: async (page) => {
      await press(page, /接続テスト|Test the connection/);
      await page.locator('.findings li').first().waitFor();
    },
  },
  {
    name: 'channels-more',
    show: async (page) => {
      for (const summary of await page.locator('summary').all()) await summary.click();
      await page.locator('[name=api_base_url]').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'channels-new',
    at: '/admin/windows/shop/channels',
    show: (page) => press(page, /LINE公式アカウントを連携|Connect a LINE/),
  },
  { name: 'reset', at: '/admin/windows/shop/reset', show: (page) => page.locator('.danger').waitFor() },
  dialog('reset-ask', '/admin/windows/shop/reset', (page) => page.locator('.danger').click()),
  { name: 'people', at: '/admin/people', show: (page) => page.locator('tbody tr').nth(2).waitFor() },
  dialog('people-new', '/admin/people', (page) => press(page, /直接追加|Add directly/)),
  {
    name: 'person',
    at: '/admin/people',
    show: async (page) => {
      await page.locator('tbody').getByText('佐藤 花子').click();
      await page.locator('.picks').waitFor();
    },
  },
  { name: 'invitations', at: '/admin/invitations', show: (page) => page.locator('tbody tr').nth(1).waitFor() },
  dialog('invitations-new', '/admin/invitations', (page) => press(page, /招待リンクを作成|Make an invite link/)),
  { name: 'tokens', at: '/admin/tokens', show: (page) => page.locator('tbody tr').nth(1).waitFor() },
  dialog('tokens-new', '/admin/tokens', (page) => press(page, /APIトークンを作成|Make an API token/)),
  {
    name: 'audit',
    at: '/admin/audit',
    show: async (page) => {
      await page.locator('tbody .row-acts button').nth(1).click();
      await page.locator('.hash').waitFor();
    },
  },
  { name: 'wall', at: '/admin/wall', show: (page) => page.locator('[data-window]').nth(1).waitFor() },
  dialog('bulk', '/admin/wall', (page) =>
    page.locator('[data-window=support] li .icon-button:enabled').first().click(),
  ),
  dialog('picker', '/admin/wall', (page) => page.locator('[data-window=support] header .button').click()),
  { name: 'operation', at: '/admin/operation', show: (page) => page.locator('[data-inbox]').waitFor() },
  dialog('operation-hold', '/admin/operation', (page) => page.locator('.card-box .danger').click()),
];

async function tour(page: Page, theme: string, lang: string, size: Size) {
  const wrong: string[] = [];
  const take = async (name: string) => {
    await page.evaluate(() => document.fonts.ready);
    if (pictures) await page.screenshot({ path: `screens/admin-${name}-${theme}-${lang}-${size}.png` });
    wrong.push(...(await violations(page, name)));
    const wider = await page.evaluate(() => {
      const pane = document.querySelector('#admin') ?? document.documentElement;
      return pane.scrollWidth - pane.clientWidth;
    });
    if (wider > 0) wrong.push(`${name}: ${wider} px wider than the screen`);
  };
  await page.goto(`${world.url}/admin`);
  await page.locator('input[name=username]').fill('owner');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('.admin nav').waitFor({ state: 'attached' });
  if (size === 'phone') await take('menu');
  for (const screen of screens) {
    if (screen.at && new URL(page.url()).pathname !== screen.at) await page.goto(world.url + screen.at);
    try {
      await screen.show?.(page);
    } catch (cause) {
      throw new Error(`${screen.name} does not come`, { cause });
    }
    await sleepless('no toast', async () => (await page.locator('.toast').count()) === 0);
    await take(screen.name);
    await screen.leave?.(page);
  }
  expect(wrong).toEqual([]);
}

const all = pictures ? (['ja', 'en'] as const) : (['ja'] as const);
for (const theme of ['light', 'dark'] as const) {
  for (const lang of all) {
    for (const size of Object.keys(sizes) as Size[]) {
      test(`every page of the administration can be read and reached: ${theme}, ${lang}, ${size}`, async () => {
        const context = await world.browser.newContext({
          locale: lang === 'ja' ? 'ja-JP' : 'en-GB',
          colorScheme: theme,
          reducedMotion: 'reduce',
          viewport: sizes[size],
        });
        const page = await context.newPage();
        page.setDefaultTimeout(8_000);
        await page.goto(link);
        await page.locator('[name=password]').waitFor();
        if (pictures) await page.screenshot({ path: `screens/admin-accept-${theme}-${lang}-${size}.png` });
        const found = await violations(page, 'accept');
        expect(found).toEqual([]);
        await tour(page, theme, lang, size);
        await context.close();
      }, 300_000);
    }
  }
}
