// What everybody must be able to read and reach: axe over every screen in both themes, and with CONSOLE_SCREENS=1
// a picture of each in two themes, two languages and three sizes, under `screens/`, for people to look at.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composer, logIn, sleepless, World } from './world';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.CONSOLE_SCREENS === '1';
const sizes = {
  wide: { width: 1440, height: 900 },
  middle: { width: 900, height: 820 },
  phone: { width: 390, height: 844 },
};
type Size = keyof typeof sizes;

let world: World;
beforeAll(async () => {
  world = await World.open();
  await furnish();
}, 120_000);
afterAll(() => world?.close());

/** A window on an ordinary afternoon. */
async function furnish() {
  await world.say('a', 'こんにちは。先週注文したコーヒーメーカーがまだ届いていないのですが、いつ頃になりますか？');
  await world.say('b', '返品について教えてください');
  await world.say('c', '予約の変更をお願いします。来週の水曜日の午後に変更できますか');
  await world.say('d', '領収書の宛名を「株式会社みなと」でお願いできますでしょうか。');
  await world.say('e', 'ありがとうございました！');
  await world.say('f', 'アプリにログインできません');
  await world.say('g', '営業時間は何時までですか');
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
  await answer('e', ['お問い合わせありがとうございました。'], true);
  await answer(
    'a',
    ['お問い合わせありがとうございます。サポート窓口の佐藤です。', 'ご注文番号を教えていただけますか？'],
    false,
  );
  await world.say('a', '1234-5678 です。https://shop.example.com/orders/1234-5678 から注文しました。');
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
  await world.say('a', 'ありがとうございます。助かります！');
  await world
    .phone(`/channels/${world.channel}/deliver`, {
      events: [
        {
          user: world.customers.a,
          type: 'message',
          fields: {
            message: {
              id: '99',
              type: 'sticker',
              packageId: '446',
              stickerId: '1988',
              stickerResourceType: 'STATIC',
              quoteToken: 'q',
            },
          },
        },
      ],
    })
    .catch(() => null);
  const other = await world.desk('taro');
  await world.open(other.page, 'c');
  await other.page.locator('[data-main=start]').click();
  await other.page.locator('[data-main=complete]').waitFor();
  await Promise.all([context.close(), other.context.close()]);
}

async function violations(page: Page, where: string) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run: (
          options: object,
        ) => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(
      (it) => `${it.id}: ${it.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' | ')}`,
    );
  });
  return found.map((it) => `${where}: ${it}`);
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
      await world.open(page, 'c');
      await page.locator('main article').first().waitFor();
    },
  },
  {
    name: 'thread',
    show: async (page, size) => {
      if (size === 'phone') await page.locator('header .back').click();
      await page.locator('.tabs .in_progress').click();
      await world.open(page, 'a');
      await page.locator('article.bad').waitFor();
    },
  },
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
      });
    }
  }
}
