// Takes docs/images/desk.png: the desk of a running demo, two agents at work. Arguments: address, password of the agents.
//
//   make run DEMO='--pace 2'                                          # in another terminal, a minute before
//   node scripts/picture.mjs http://127.0.0.1:8080 PASSWORD [FOLDER]   # FOLDER: every step of it, for people to look at

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url, password, folder] = process.argv.slice(2);
if (!url || !password) {
  console.error('node scripts/picture.mjs ADDRESS PASSWORD [FOLDER]');
  process.exit(64);
}
const target = new URL('../../../docs/images/desk.png', import.meta.url).pathname;
if (folder) mkdirSync(folder, { recursive: true });
let step = 0;
const look = async (page, name) => {
  step += 1;
  if (folder) await page.screenshot({ path: join(folder, `${String(step).padStart(2, '0')}-${name}.png`) });
};

const executablePath =
  process.env.CONSOLE_CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const desk = async (login, options = {}) => {
  const context = await browser.newContext({ locale: 'ja-JP', viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(url);
  await look(page, `${login}-login`);
  await page.locator('input[name=username]').fill(login);
  await page.locator('input[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('nav a.current').first().waitFor({ state: 'attached' });
  await page.locator('.list li a').first().waitFor();
  await look(page, `${login}-list`);
  return page;
};
const answer = async (page, text) => {
  await page.locator('.composer textarea').fill(text);
  await page.keyboard.press('Enter');
};
/** Takes the nth customer of the list and says something; waits for what they say to it. */
const take = async (page, nth, texts) => {
  const row = page.locator('.list li a').nth(nth);
  await row.click();
  await page.locator('[data-main=start]').click();
  await page.locator('[data-main=complete]').waitFor();
  for (const text of texts) {
    const said = await page.locator('main article').count();
    await answer(page, text);
    await page.waitForFunction((count) => document.querySelectorAll('main article').length >= count + 2, said, {
      timeout: 60_000,
    });
  }
};

const taro = await desk('taro');
await take(taro, 0, ['お問い合わせありがとうございます。サポート窓口の鈴木です。お名前をお伺いできますか？']);
await look(taro, 'taro-talks');
const hanako = await desk('hanako', { deviceScaleFactor: 1 });
await take(hanako, 0, [
  'お問い合わせありがとうございます。サポート窓口の佐藤です。ご注文番号を教えていただけますか？',
  'ありがとうございます。ただいま確認いたしますので、少々お待ちください。',
]);
await look(hanako, 'hanako-talks');
await hanako.getByText('対応を開始しました', { exact: true }).waitFor({ state: 'hidden' });
await hanako.screenshot({ path: target });
const phone = await desk('hanako', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
await look(phone, 'hanako-on-a-phone');
const dark = await desk('taro', { colorScheme: 'dark' });
await dark.locator('.list li a').first().click();
await look(dark, 'taro-in-the-dark');
await browser.close();
console.log(target);
