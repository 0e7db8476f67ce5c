// Every screen of mail, LINE WORKS and bots, at the desk and in the administration: axe in both themes, nothing wider than
// the screen; and pictures for people to look at.

import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pictures, type Size, sizes, violations } from './axe';
import { BotDouble } from './botdouble';
import { letter, post } from './post';
import { composer, logIn, picture, sleepless, type Works, World } from './world';

let world: World;
let works: Works;
const bot = new BotDouble();
beforeAll(async () => {
  world = await World.open({ mail: true });
  works = await world.works();
  await bot.listen();
  bot.server = world.url;
  await letters();
  await answered();
  await setUp();
  await behindTheBot();
}, 180_000);
afterAll(async () => {
  bot.close();
  await world?.close();
});

const settled = (name: string) =>
  sleepless(`the answer to ${name}`, async () => {
    const { items } = await world.api('GET', `/conversations/${world.ids[name]}/messages?limit=20`);
    return items.some((it: { state: string; number: number }) => it.number > 1 && it.state !== 'queued');
  });

/** Customers who write mail, of every kind that there is. */
async function letters() {
  await world.mail({
    from: 'yamada@example.jp',
    name: '山田 一郎',
    cc: 'buchou@example.jp, keiri@example.jp',
    subject: '見積書のお願い（2026年12月納品分・再送）',
    text: 'お世話になっております。株式会社みなとの山田です。\n添付の図面で見積をお願いできますでしょうか。\nhttps://example.jp/drawings/4321 にもございます。\n\n2026年11月20日(金) 18:00 佐藤 <support@in.desk.example>:\n> 先日はありがとうございました。\n> 図面をお送りください。\n',
    html: '<div style="font-family:sans-serif"><h2 style="color:#0a5">見積書のお願い</h2><p>お世話になっております。株式会社みなとの<b>山田</b>です。</p><table border=1 cellpadding=6><tr><th>品名</th><th>数量</th></tr><tr><td>ブラケット A-12</td><td>200</td></tr></table><p><img src="https://tracker.example/pixel.gif" alt="ロゴ"></p></div>',
    parts: [
      {
        type: 'application/pdf',
        name: '図面 第2版（確定）ブラケットA-12とB-7の取付位置.pdf',
        body: Buffer.alloc(240_000, '%PDF-1.7\n'),
      },
      { type: 'image/png', name: '現場写真.png', body: picture(80, 60) },
      {
        type: 'text/calendar; method=REQUEST; charset=utf-8',
        name: 'invite.ics',
        body: 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@example.jp\r\nDTSTAMP:20261121T000000Z\r\nDTSTART;TZID=Asia/Tokyo:20261201T100000\r\nDTEND;TZID=Asia/Tokyo:20261201T113000\r\nSUMMARY:お打ち合わせ（図面の確認）\r\nLOCATION:本社 3階 会議室B\r\nORGANIZER:mailto:yamada@example.jp\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
      },
    ],
  });
  await world.mail({ from: 'mori@example.jp', name: '森 さくら', subject: '', text: '' });
  await world.mail({
    from: 'tanaka@example.jp',
    name: '田中 実',
    subject: '配送先の変更',
    text: '配送先を変更したいです。'.repeat(60),
    header: ['Auto-Submitted: auto-generated'],
  });
  const hops = Array.from({ length: 60 }, (_, hop) => `Received: from h${hop}.example by h${hop + 1}.example; ${hop}`);
  await world.mail({ from: 'loop@example.jp', subject: '周回', text: 'また来た', header: hops });
}

/** One answer whose copies fared differently, and one that came to everybody. */
async function answered() {
  const { page, context } = await world.desk('hanako');
  const answer = async (name: string, text: string) => {
    await world.open(page, name);
    await page.locator('[data-main=start]').click();
    await page.locator('[data-testid=mail-head] dl').waitFor();
    await composer(page).fill(text);
    await page.getByRole('button', { name: 'メールを送信' }).click();
    await settled(name);
  };
  world.relay.answers.set('keiri@example.jp', Array(999).fill('450 4.2.0 mailbox busy, try again later'));
  world.relay.answers.set('buchou@example.jp', [
    '550 5.1.1 <buchou@example.jp>: Recipient address rejected: no such user',
  ]);
  await answer(
    '山田 一郎',
    '山田様\n\nお問い合わせありがとうございます。サポート窓口の佐藤です。\n見積書をお送りします。',
  );
  await page.locator('[data-copy=delayed]').waitFor();
  await answer('森 さくら', '件名と本文がございませんでした。ご用件をお聞かせください。');
  await page.locator('article.outbound[data-state=sent]').waitFor();
  const id = /^Message-ID: (<[^>]+>)/im.exec(
    world.relay.handed.find((it) => it.to === 'mori@example.jp')?.text ?? '',
  )?.[1];
  await world.mail({
    from: 'dareka@elsewhere.example',
    subject: 'Re: ',
    text: '代わりにお答えします。',
    header: [`In-Reply-To: ${id}`],
  });
  await page.locator('[data-mark=stranger]').waitFor();
  await context.close();
}

/** Mail, LINE WORKS and the bot, set up as far as they go. */
async function setUp() {
  const { items } = await world.api('GET', '/inboxes');
  const mail = items.find((it: { kind: string }) => it.kind === 'mail').id;
  world.names.texts.set('bounce.desk.example', ['v=spf1 ip4:127.0.0.1 -all']);
  world.names.texts.set('google.com', ['v=spf1 ip4:127.0.0.1 -all']);
  world.names.texts.set('_dmarc.google.com', ['v=DMARC1; p=reject']);
  world.names.texts.set('_dmarc.example.co.jp', ['v=DMARC1; p=quarantine; rua=mailto:dmarc@example.co.jp']);
  world.names.texts.set('_dmarc.shop.example.com', null);
  world.relay.carry = async ({ from, to, text }) => {
    const forwarded = to === 'support@example.co.jp' ? 'support@in.desk.example' : to;
    if (forwarded.endsWith('@in.desk.example')) await post(world.smtp, from, forwarded, text);
  };
  await world.api('PATCH', `/inboxes/${mail}`, {
    settings: {
      addresses: ['support@example.co.jp', 'customer-service-department@shop.example.com'],
      sender: 'support@example.co.jp',
      signature: '――――――――――\n株式会社例 サポート窓口\n03-0000-0000 / 平日9:00～18:00',
    },
  });
  const domain = await world.api('POST', '/mail/domains', { domain: 'example.co.jp' });
  world.names.texts.set(domain.records[0].name, [domain.records[0].value]);
  await world.api('POST', '/mail/domains', { domain: 'shop.example.com' });
  for (const one of ['example.co.jp', 'shop.example.com']) await world.api('POST', `/mail/domains/${one}/check`);
  for (const address of ['support@example.co.jp', 'customer-service-department@shop.example.com']) {
    await world.api('POST', `/inboxes/${mail}/mail/challenge`, { address });
  }
  await sleepless('a forwarding', async () => {
    const { addresses } = await world.api('GET', `/inboxes/${mail}/mail`);
    return addresses[0].forwarding === 'confirmed';
  });
  await world.api('POST', `/inboxes/${mail}/mail/test`);
  const asked = letter({
    from: 'forwarding-noreply@google.com',
    name: 'Gmail Team',
    to: 'support@in.desk.example',
    subject: '(#123456789) Gmail Forwarding Confirmation - Receive Mail from support@example.co.jp',
    text: 'support@example.co.jp has requested to automatically forward mail to your email address.\nConfirmation code: 123456789\n\nhttps://mail-settings.google.com/mail/vf-%5BANGjdJ8oNlfC8h9y%5D-wxyz\n',
  });
  await post(world.smtp, 'forwarding-noreply@google.com', 'support@in.desk.example', asked);
  const made = await works.call('bots', { name: '総務ヘルプデスク' });
  const account = await world.api('POST', '/inboxes', {
    window: 'support',
    kind: 'lineworks',
    settings: {
      ...works.app,
      domain_id: String(works.app.domain_id),
      bot_id: made.id,
      bot_secret: made.secret,
      api_base_url: works.api,
      auth_base_url: works.api,
    },
  });
  await world.api('PUT', `/inboxes/${account.id}/webhook`);
  await world.api('PATCH', `/inboxes/${account.id}`, { settings: { bot_secret: 'drawn anew by somebody' } });
  const { id: member } = await works.call('members', { name: '社員 花' });
  await works.call('say', { bot: made.id, user: member, text: 'PCが起動しません。どうすればよいですか。' });
  await world.api('POST', '/inboxes', {
    window: 'support',
    kind: 'bot',
    settings: {
      name: '自社アプリ',
      endpoint_url: bot.url,
      secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    },
  });
  world.ids['社員 花'] = await sleepless('the member', async () => {
    const { items } = await world.api('GET', '/windows/support/conversations?limit=50');
    return items.find((row: { channel: string }) => row.channel === 'lineworks')?.id;
  });
  await world.api('POST', '/windows', { id: 'shop', name: 'オンラインショップ', product: 5 });
}

/** What a bot does well, and what it misses. */
async function behindTheBot() {
  const put = { name: '案内ボット', endpoint_url: bot.url, greets: true, answer_within_ms: 60_000 };
  const made = await world.api('PUT', '/windows/support/bot', put);
  [bot.secret, bot.token] = [made.secret, made.token];
  await world.say('客 一', '営業時間を教えてください');
  await world.say('客 二', '返品したいです。サイズが合いませんでした。');
  await sleepless('its answer', async () => (await world.shown('客 一')).includes('平日9時から18時です。'));
  await sleepless('a hand-over', async () => (await world.conversation('客 二')).status === 'new');
  bot.status = 410;
  for (const name of ['客 三', '客 四']) {
    await world.say(name, '営業時間は？');
    await sleepless('people', async () => (await world.conversation(name)).status === 'new');
  }
  bot.status = 204;
}

type Screen = { name: string; show: (page: Page, size: Size) => Promise<void>; leave?: (page: Page) => Promise<void> };
const close = async (page: Page) => {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
};
const thread = async (page: Page, size: Size, tab: string, name: string) => {
  if (size === 'phone' && (await page.locator('header .back').isVisible())) await page.locator('header .back').click();
  await page.locator(`.tabs .${tab}`).click();
  await world.open(page, name);
  await page.locator('main article').first().waitFor();
};
const seeTop = (page: Page) => page.locator('[data-testid=mail]').first().scrollIntoViewIfNeeded();

const desk: Screen[] = [
  { name: 'mail-list', show: (page) => page.locator('.list li a').first().waitFor() },
  {
    name: 'bots-list',
    show: async (page) => {
      await page.locator('.list .bots').click();
      await page.locator('.list li [data-bot]').waitFor();
    },
    leave: (page) => page.locator('.list .bots').click(),
  },
  { name: 'mail-odd', show: (page, size) => thread(page, size, 'in_progress', '森 さくら') },
  {
    name: 'mail-thread',
    show: async (page, size) => {
      await thread(page, size, 'in_progress', '山田 一郎');
      await page.locator('[data-copy=delayed]').waitFor();
    },
  },
  {
    name: 'mail-composer',
    show: async (page) => {
      await composer(page).focus();
      await page.locator('[data-testid=mail-foot]').waitFor();
    },
  },
  {
    name: 'mail-thread-above',
    show: async (page) => {
      await page.locator('[data-testid=invitation]').waitFor();
      await seeTop(page);
    },
  },
  {
    name: 'mail-whole',
    show: async (page) => {
      await page
        .locator('[data-testid=mail]')
        .first()
        .getByRole('button', { name: /メール詳細|Whole mail/ })
        .click();
      await page.locator('[data-testid=mail-whole] iframe').waitFor();
      await page.locator('[data-testid=mail-whole]').frameLocator('iframe').getByText('ブラケット').waitFor();
    },
  },
  {
    name: 'mail-whole-text',
    show: async (page) => {
      await page.locator('[data-testid=mail-whole] nav button').nth(1).click();
      await page.locator('[data-testid=mail-whole] summary').click();
    },
    leave: close,
  },
  {
    name: 'mail-letter',
    show: async (page) => {
      await page.locator('.composer .size').click();
      await page.locator('.composer.large').waitFor();
      await composer(page).fill('山田様\n\nお世話になっております。\n本日中に再度お送りします。');
    },
    leave: async (page) => {
      await composer(page).fill('');
      await page.locator('.composer .size').click();
    },
  },
  { name: 'bot-holds', show: (page, size) => thread(page, size, 'in_progress', '客 一') },
  {
    name: 'bot-handed-over',
    show: async (page, size) => {
      await thread(page, size, 'new', '客 二');
      await page.locator('article.note').waitFor();
    },
  },
  {
    name: 'works-thread',
    show: async (page, size) => {
      await thread(page, size, 'new', '社員 花');
    },
  },
];

const at = (page: Page, path: string) => page.goto(`${world.url}/admin/${path}`);
const see = (selector: string) => async (page: Page) => {
  const place = page.locator(selector).first();
  await place.waitFor();
  await place.evaluate((element) => element.scrollIntoView({ block: 'start' }));
};
const press = (page: Page, name: RegExp) => page.getByRole('button', { name }).first().click();
const administration: Screen[] = [
  {
    name: 'channels-works',
    show: async (page) => {
      await at(page, 'windows/support/channels');
      await page
        .locator('[data-kind=lineworks]')
        .getByRole('button', { name: /接続テスト|Test the connection/ })
        .click();
      await page.locator('[data-kind=lineworks] .findings').waitFor();
      await see('[data-kind=lineworks]')(page);
    },
  },
  { name: 'channels-mail', show: see('[data-kind=mail]') },
  { name: 'channels-mail-addresses', show: see('[data-address]') },
  { name: 'channels-domains', show: see('[data-testid=mail-domains]') },
  { name: 'channels-domains-more', show: see('[data-domain]:nth-of-type(2)') },
  { name: 'channels-mail-settings', show: see('[name=signature]') },
  {
    name: 'channels-mail-test',
    show: async (page) => {
      await page.locator('[data-testid=mail-test] [data-columns]').waitFor();
      await see('[data-testid=mail-test]')(page);
    },
  },
  {
    name: 'channels-bot',
    show: async (page) => {
      await page.locator('[data-testid=bot] .acts button').first().click();
      await page.locator('[data-testid=bot-tested]').waitFor();
      await see('[data-testid=bot]')(page);
    },
  },
  { name: 'channels-dead-letters', show: see('[data-testid=dead-letters]') },
  { name: 'channels-external', show: see('[data-testid=lineworks-external]') },
  {
    name: 'channels-domain-remove',
    show: async (page) => {
      await page.locator('[data-domain] .danger').first().click();
      await page.locator('dialog').waitFor();
    },
    leave: close,
  },
  {
    name: 'channels-invite',
    show: async (page) => {
      await press(page, /リンク・QR|Link and QR/);
      await page.locator('dialog [data-way=lineworks]').waitFor();
    },
    leave: close,
  },
  { name: 'channels-system', show: see('[data-kind=bot]') },
  {
    name: 'channels-works-new',
    show: async (page) => {
      await at(page, 'windows/shop/channels');
      await press(page, /LINE WORKS Botを連携|Connect a LINE WORKS/);
      await page.locator('[value=make]').check();
      await page.locator('[name=administrators]').waitFor();
    },
  },
  {
    name: 'channels-system-new',
    show: async (page) => {
      await page.reload();
      await press(page, /外部システムを連携|Connect another system/);
      await page.getByRole('button', { name: /新しく作る|Draw a new one/ }).click();
      await see('[name=secret]')(page);
    },
  },
  {
    name: 'channels-bot-new',
    show: async (page) => {
      await page.reload();
      await press(page, /ボットを設置|Put a bot/);
      await page.locator('[value=some]').check();
      await see('[name=endpoint_url]')(page);
    },
  },
  {
    name: 'operation-mail',
    show: async (page) => {
      await at(page, 'operation');
      await page.locator('[data-raw]').waitFor();
    },
  },
];

async function tour(context: BrowserContext, page: Page, screens: Screen[], of: string, size: Size) {
  const wrong: string[] = [];
  for (const screen of screens) {
    try {
      await screen.show(page, size);
    } catch (cause) {
      throw new Error(`${screen.name} does not come`, { cause });
    }
    await sleepless('no toast', async () => (await page.locator('.toast').count()) === 0);
    if (pictures) await page.screenshot({ path: `screens/${screen.name}-${of}-${size}.png` });
    wrong.push(...(await violations(page, screen.name)));
    const wider = await page.evaluate(() => {
      const pane = document.querySelector('#admin') ?? document.documentElement;
      return pane.scrollWidth - pane.clientWidth;
    });
    if (wider > 0) wrong.push(`${screen.name}: ${wider} px wider than the screen`);
    await screen.leave?.(page);
  }
  await context.close();
  expect(wrong).toEqual([]);
}

const all = pictures ? (['ja', 'en'] as const) : (['ja'] as const);
for (const theme of ['light', 'dark'] as const) {
  for (const lang of all) {
    for (const size of Object.keys(sizes) as Size[]) {
      for (const [login, screens] of [
        ['hanako', desk],
        ['owner', administration],
      ] as const) {
        test(`mail, LINE WORKS and bots can be read and reached: ${login}, ${theme}, ${lang}, ${size}`, async () => {
          const context = await world.browser.newContext({
            locale: lang === 'ja' ? 'ja-JP' : 'en-GB',
            colorScheme: theme,
            reducedMotion: 'reduce',
            viewport: sizes[size],
          });
          const page = await context.newPage();
          page.setDefaultTimeout(8_000);
          await page.goto(world.url);
          await logIn(page, login);
          await tour(context, page, screens, `${theme}-${lang}`, size);
        }, 240_000);
      }
    }
  }
}
