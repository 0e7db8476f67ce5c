// What everybody must be able to read and reach: axe over every screen in both themes, and with CONSOLE_SCREENS=1
// a picture of each in two themes, two languages and three sizes, under `screens/`, for people to look at.

import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pictures, type Size, sizes, violations } from './axe';
import { composer, logIn, picture, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
  await furnish();
}, 120_000);
afterAll(() => world?.close());

/** A window on an ordinary afternoon. */
async function furnish() {
  await world.say(
    '山本 葵',
    'こんにちは。先週注文したコーヒーメーカーがまだ届いていないのですが、いつ頃になりますか？',
  );
  await world.say('中村 蓮', '返品について教えてください');
  await world.say('小林 凛', '予約の変更をお願いします。来週の水曜日の午後に変更できますか');
  await world.say('加藤 湊', '領収書の宛名を「株式会社みなと」でお願いできますでしょうか。');
  await world.say('吉田 結衣', 'ありがとうございました！');
  await world.say('Emma Wilson', 'アプリにログインできません');
  await world.say('佐々木 大翔', '営業時間は何時までですか');
  const { page, context } = await world.desk('hanako');
  const answer = async (name: string, texts: string[], done: boolean) => {
    await world.open(page, name);
    await page.locator('[data-main=start]').click();
    await page.locator('[data-main=complete]').waitFor();
    for (const text of texts) {
      await composer(page).fill(text);
      await page.keyboard.press('Enter');
    }
    await sleepless(
      'the last answer',
      async () => (await page.locator('article[data-state=sent]').count()) >= texts.length,
    );
    if (done) await page.locator('[data-main=complete]').click();
    if (done) await page.locator('[data-main=resume]').waitFor();
  };
  await answer('吉田 結衣', ['お問い合わせありがとうございました。'], true);
  await answer(
    '山本 葵',
    ['お問い合わせありがとうございます。サポート窓口の佐藤です。', 'ご注文番号を教えていただけますか？'],
    false,
  );
  await world.say('山本 葵', '1234-5678 です。https://shop.example.com/orders/1234-5678 から注文しました。');
  await page.keyboard.press('Control+Shift+U');
  await composer(page).fill('倉庫に確認済み。明日の午前中に到着予定とのこと。');
  await page.keyboard.press('Enter');
  await page.locator('article.note').waitFor();
  await page.keyboard.press('Control+Shift+U');
  await composer(page).fill('確認いたしました。明日の午前中にお届け予定です。');
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=sent]').filter({ hasText: '午前中にお届け' }).waitFor();
  await world.phone('/faults', { endpoint: 'push', fault: { error_before: 400 }, times: { next: 1 } });
  await composer(page).fill('追跡番号もお送りします。');
  await page.keyboard.press('Enter');
  await page.locator('article.bad').waitFor();
  await world.say('山本 葵', 'ありがとうございます。助かります！');
  await world.does('山本 葵', { kind: 'sticker', package: '446', sticker: '1988' });
  const other = await world.desk('taro');
  await world.open(other.page, '小林 凛');
  await other.page.locator('[data-main=start]').click();
  await other.page.locator('[data-main=complete]').waitFor();
  await everyKind(page);
  await Promise.all([context.close(), other.context.close()]);
}

/** One conversation with everything that is more than words, both ways. */
async function everyKind(page: Page) {
  const base64 = (width: number, height: number, from?: number[], to?: number[]) =>
    picture(width, height, from, to).toString('base64');
  await world.say('中村 蓮', '箱を開けたらこの状態でした。');
  await world.does('中村 蓮', { kind: 'image', base64: base64(900, 600), content_type: 'image/png' });
  await world.does('中村 蓮', { kind: 'images', count: 3 });
  await world.does('中村 蓮', { kind: 'file', name: '購入時の領収書と保証書（2026年11月分）.pdf', size: 248_000 });
  await world.does('中村 蓮', { kind: 'video', duration_ms: 12_000 });
  await world.does('中村 蓮', { kind: 'audio', duration_ms: 4_000 });
  const away = await world.does('中村 蓮', { kind: 'image' });
  await world.does('中村 蓮', { kind: 'unsend', message: away });
  await world.does('中村 蓮', { kind: 'image', ready: 'expired' });
  await world.does('中村 蓮', {
    kind: 'location',
    title: '受け取り場所',
    address: '東京都港区海岸1-2-3',
    latitude: 35.65,
    longitude: 139.75,
  });
  await world.open(page, '中村 蓮');
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  await page.locator('[data-goes]').waitFor();
  await page.locator('.composer input[type=file]').setInputFiles([
    { name: '交換の手順.png', mimeType: 'image/png', buffer: picture(640, 400, [120, 170, 240], [240, 240, 250]) },
    { name: '返品送付状.pdf', mimeType: 'application/pdf', buffer: Buffer.from(`%PDF-1.7\n${'x'.repeat(60_000)}`) },
  ]);
  await page.locator('.tray [data-piece=image]').waitFor();
  await page.locator('.tray [data-piece=file]').waitFor();
  await page.getByRole('button', { name: /^カード/ }).click();
  await page.getByLabel('見出し').fill('交換のお申し込み');
  await page.getByLabel('本文').fill('ご希望の方法をお選びください。');
  await page.getByLabel('ボタン 1', { exact: false }).first().fill('集荷に来てほしい');
  await page.locator('dialog .primary').click();
  await composer(page).fill('ご不便をおかけして申し訳ございません。交換の手順をお送りします。');
  await page.keyboard.press('Enter');
  await page.locator('article.outbound[data-state=sent]:has([data-kind=cards])').waitFor();
}

type Screen = { name: string; show: (page: Page, size: Size) => Promise<void>; leave?: (page: Page) => Promise<void> };
const dialog = (name: string, press: (page: Page) => Promise<void>): Screen => ({
  name,
  show: async (page) => {
    await press(page);
    await page.locator('dialog').waitFor();
  },
  leave: async (page) => {
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  },
});

const rail = (page: Page, name: RegExp) => page.getByRole('button', { name }).first().click();
const viaMenu = async (page: Page, name: RegExp) => {
  if (await page.locator('.rail').isVisible()) return rail(page, name);
  await page.locator('.bottom button').last().click();
  await page.locator('dialog .person').filter({ hasText: name }).click();
};

const screens: Screen[] = [
  { name: 'list', show: async (page) => page.locator('.list li a').first().waitFor() },
  {
    name: 'done',
    show: async (page) => {
      await page.locator('.tabs .done').click();
      await page.locator('.list li a').first().waitFor();
    },
  },
  dialog('settings', (page) => viaMenu(page, /設定|Settings/)),
  dialog('keys', (page) => viaMenu(page, /ショートカット|Shortcuts/)),
  dialog('palette', (page) => page.keyboard.press('Control+k')),
  {
    name: 'held',
    show: async (page) => {
      await page.locator('.tabs .in_progress').click();
      await world.open(page, '小林 凛');
      await page.locator('main article').first().waitFor();
    },
  },
  {
    name: 'thread',
    show: async (page, size) => {
      if (size === 'phone') await page.locator('header .back').click();
      await page.locator('.tabs .in_progress').click();
      await world.open(page, '山本 葵');
      await page.locator('article.bad').waitFor();
    },
  },
  {
    name: 'filter',
    show: async (page, size) => {
      if (size === 'phone') await page.locator('header .back').click();
      await page.locator('.list .narrow').click();
      await page.locator('.filters').waitFor();
    },
    leave: async (page) => page.locator('.list .narrow').click(),
  },
  {
    name: 'media',
    show: async (page) => {
      await world.open(page, '中村 蓮');
      await page.locator('article:has([data-kind=cards])').waitFor();
      await page.locator('[data-goes]').waitFor();
    },
  },
  {
    name: 'media-above',
    show: async (page) => {
      await page.locator('article:has([data-kind=image])').first().scrollIntoViewIfNeeded();
      await page.locator('.pictures.many img').last().waitFor();
    },
  },
  {
    name: 'tray',
    show: async (page) => {
      await page.locator('.composer input[type=file]').setInputFiles([
        {
          name: '新しい箱の写真.png',
          mimeType: 'image/png',
          buffer: picture(300, 300, [240, 200, 120], [200, 90, 90]),
        },
        { name: '空.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
      ]);
      await page.locator('.tray [data-piece=image]').waitFor();
    },
  },
  {
    name: 'stickers',
    show: async (page) => {
      await page.locator('.tools button').nth(2).click();
      await page.locator('.stickers .grid img').first().waitFor();
    },
    leave: async (page) => page.keyboard.press('Escape'),
  },
  dialog('replies', (page) => page.locator('.tools button').nth(3).click()),
  dialog('card', (page) => page.locator('.tools button').nth(4).click()),
  dialog('location', (page) => page.locator('.tools button').nth(5).click()),
  dialog('mode', (page) => page.locator('[data-goes]').click()),
  dialog('viewer', async (page) => {
    await page.locator('article.inbound .picture').first().click();
  }),
  dialog('handover', async (page) => {
    await page.keyboard.press('h');
  }),
  dialog('assign', async (page) => {
    await page.keyboard.press('a');
  }),
  {
    name: 'details',
    show: async (page, size) => {
      if (size !== 'wide') await page.locator('.pane-thread header .icon-button').last().click();
      await page.locator('aside').waitFor();
    },
    leave: async (page) => page.keyboard.press('Escape'),
  },
];

async function tour(context: BrowserContext, page: Page, theme: string, lang: string, size: Size) {
  const wrong: string[] = [];
  const take = async (name: string) => {
    if (pictures) await page.screenshot({ path: `screens/${name}-${theme}-${lang}-${size}.png` });
    wrong.push(...(await violations(page, name)));
  };
  await take('login');
  await logIn(page, 'hanako');
  for (const screen of screens) {
    await screen.show(page, size);
    await sleepless('no toast', async () => (await page.locator('.toast').count()) === 0);
    await take(screen.name);
    await screen.leave?.(page);
  }
  await context.close();
  expect(wrong).toEqual([]);
}

const all = pictures ? (['ja', 'en'] as const) : (['ja'] as const);
for (const theme of ['light', 'dark'] as const) {
  for (const lang of all) {
    for (const size of Object.keys(sizes) as Size[]) {
      test(`every screen can be read and reached: ${theme}, ${lang}, ${size}`, async () => {
        const context = await world.browser.newContext({
          locale: lang === 'ja' ? 'ja-JP' : 'en-GB',
          colorScheme: theme,
          reducedMotion: 'reduce',
          viewport: sizes[size],
        });
        const page = await context.newPage();
        page.setDefaultTimeout(8_000);
        await page.goto(world.url);
        await page.locator('input[name=username]').waitFor();
        await tour(context, page, theme, lang, size);
      }, 240_000);
    }
  }
}
