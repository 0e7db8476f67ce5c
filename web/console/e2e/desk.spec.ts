// The fears of people who share a desk, each tried with the real server and the real browser.

import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bubbles, composer, logIn, sleepless, World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());

const start = (page: Page) => page.locator('[data-main=start]');

test('two agents press 対応開始 at once: one wins, both see who it is', async () => {
  await world.say('同時 太郎', '二人で取り合ってください');
  const [hanako, taro] = await Promise.all([world.desk('hanako'), world.desk('taro')]);
  await Promise.all([world.open(hanako.page, '同時 太郎'), world.open(taro.page, '同時 太郎')]);
  // The faster press takes the other's button away: both are held before either is pressed.
  const buttons = await Promise.all([start(hanako.page).elementHandle(), start(taro.page).elementHandle()]);
  await Promise.all(buttons.map((button) => button?.evaluate((it) => (it as HTMLElement).click())));
  const pages = [hanako.page, taro.page];
  const holds = await sleepless('a decision on both desks', async () => {
    const mine = await Promise.all(pages.map((page) => page.locator('[data-main=complete]').isVisible()));
    const other = await Promise.all(pages.map((page) => page.locator('[data-main=held]').isVisible()));
    return mine.every((it, index) => it !== other[index]) && mine;
  });
  expect(holds.filter(Boolean)).toHaveLength(1);
  const winner = holds[0] ? '佐藤 花子' : '鈴木 太郎';
  const loser = (holds[0] ? pages[1] : pages[0]) as Page;
  expect(await loser.locator('[data-main=held]').textContent()).toContain(winner);
  expect(await loser.locator('[data-closed=held]').textContent()).toContain(winner);
  expect((await world.conversation('同時 太郎')).seat.epoch).toBe(1);
  await Promise.all([hanako.context.close(), taro.context.close()]);
});

test('a server killed in the middle of sending: every bubble ends right and every message arrives once', async () => {
  await world.say('切断 花', 'お願いします');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '切断 花');
  await start(page).click();
  await page.locator('[data-main=complete]').waitFor();
  await composer(page).fill('前の返事');
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=sent]').filter({ hasText: '前の返事' }).waitFor();
  // The platform takes its time, so that the kill falls between the first byte and the answer.
  await world.phone('/faults', { endpoint: 'push', fault: { slow_before: 1_500 }, times: { next: 1 } });
  for (const text of ['一通目', '二通目', '三通目']) {
    await composer(page).fill(text);
    await page.keyboard.press('Enter');
  }
  await bubbles(page, '一通目').first().waitFor();
  await world.kill();
  await composer(page).fill('サーバーが止まっている間の返事');
  await page.keyboard.press('Enter');
  expect(await bubbles(page, '止まっている間').getAttribute('data-state')).toBe('waiting');
  await page.locator('.banner').waitFor();
  await world.restart();
  for (const text of ['一通目', '二通目', '三通目', '止まっている間']) {
    await page.locator('article[data-state=sent]').filter({ hasText: text }).waitFor();
    expect(await bubbles(page, text).count(), text).toBe(1);
    expect(
      (await world.shown('切断 花')).filter((it) => it.includes(text)),
      text,
    ).toHaveLength(1);
  }
  expect(await page.locator('.banner').count()).toBe(0);
  const order = (await page.locator('article.outbound').allInnerTexts()).join('|');
  expect(order).toMatch(/前の返事.*一通目.*二通目.*三通目.*止まっている間/s);
  await page.locator('[data-main=complete]').click();
  await context.close();
});

test('offline while 500 things happen, then exactly what the server knows', async () => {
  await world.say('離席 次郎', '最初のひとこと');
  const cable = await world.cable();
  const { page, context } = await world.desk('taro', {}, cable.url);
  await world.open(page, '離席 次郎');
  await bubbles(page, '最初のひとこと').waitFor();
  const before = await page.locator('article[data-number]').count();
  cable.cut();
  await page.locator('.banner').waitFor();
  await world.say('一', '一の最初');
  for (const name of ['二', '三', '四']) await world.say(name, `${name}の最初`);
  for (let i = 0; i < 100; i++) {
    await Promise.all(['一', '二', '三', '四', '離席 次郎'].map((name) => world.say(name, `${name}の ${i} 番`)));
  }
  // A case is begun, answered and done by a colleague in the meantime.
  const row0 = await world.conversation('一');
  const colleague = await world.desk('hanako');
  await world.open(colleague.page, '一');
  await start(colleague.page).click();
  await colleague.page.locator('[data-main=complete]').click();
  await colleague.page.locator('[data-main=resume]').waitFor();
  expect((await world.conversation('一')).position).toBeGreaterThan(row0.position);
  expect(await page.locator('article[data-number]').count()).toBe(before);
  let refetched = 0;
  page.on('request', (request) => {
    if (/messages|conversations\?/.test(request.url())) refetched += 1;
  });
  cable.mend();
  await page.locator('.pane-thread article').filter({ hasText: '離席 次郎の 99 番' }).waitFor({ timeout: 45_000 });
  // What was missed came as events: the open thread was not thrown away and fetched anew.
  expect(await page.locator('article[data-number="1"]').count()).toBe(1);
  const shown = await sleepless('equality', async () => {
    const { items } = await world.api('GET', '/windows/support/conversations?status=new&limit=200');
    const wanted = items.map((row: { id: string }) => row.id).sort();
    const found = await page
      .locator('.list li a')
      .evaluateAll((links) => links.map((link) => (link.getAttribute('href') ?? '').split('/').at(-1)).sort());
    return JSON.stringify(wanted) === JSON.stringify(found) && wanted;
  });
  expect(shown.length).toBeGreaterThanOrEqual(4);
  const row = await world.conversation('離席 次郎');
  const { items } = await world.api('GET', `/conversations/${row.id}/messages?limit=200`);
  const numbers = await page
    .locator('article[data-number]')
    .evaluateAll((them) => them.map((it) => Number(it.getAttribute('data-number'))));
  expect(numbers).toEqual(items.map((message: { number: number }) => message.number));
  expect(refetched).toBeLessThan(10);
  cable.close();
  await Promise.all([context.close(), colleague.context.close()]);
}, 120_000);

test('a long thread opens at its end, and older messages that come do not move what is being read', async () => {
  const { page, context } = await world.desk('taro');
  await world.open(page, '離席 次郎');
  await page.locator('.pane-thread article').filter({ hasText: '離席 次郎の 99 番' }).waitFor();
  const scroller = page.locator('#thread');
  const end = () => scroller.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight);
  await sleepless('the end', async () => (await end()) < 2);
  const first = await page.locator('article[data-number]').first().getAttribute('data-number');
  expect(Number(first)).toBeGreaterThan(1);
  const mark = page.locator(`article[data-number="${first}"]`);
  await scroller.evaluate((it) => {
    it.scrollTop = 200;
  });
  const top = async () => (await mark.boundingBox())?.y ?? 0;
  const before = await top();
  await page.locator(`article[data-number="${Number(first) - 1}"]`).waitFor({ state: 'attached' });
  expect(Math.abs((await top()) - before)).toBeLessThan(3);
  await world.say('離席 次郎', 'その間に届いたもの');
  await page.locator('.newest').filter({ hasText: '新着 1 件' }).waitFor();
  expect(Math.abs((await top()) - before)).toBeLessThan(3);
  await page.locator('.newest').click();
  await sleepless('the end again', async () => (await end()) < 2);
  await context.close();
});

test('Enter that ends a conversion does not send; the next one does', async () => {
  await world.say('変換 桃', 'テスト');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '変換 桃');
  await start(page).click();
  await composer(page).click();
  const cdp: CDPSession = await context.newCDPSession(page);
  await cdp.send('Input.imeSetComposition', { text: 'しょうち', selectionStart: 4, selectionEnd: 4 });
  await cdp.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Process',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
    nativeVirtualKeyCode: 229,
  });
  await cdp.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
    nativeVirtualKeyCode: 229,
  });
  expect(await bubbles(page, 'しょうち').count()).toBe(0);
  await cdp.send('Input.insertText', { text: '承知しました' });
  expect(await composer(page).inputValue()).toBe('承知しました');
  expect(await bubbles(page, '承知しました').count()).toBe(0);
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('改行の次');
  expect(await composer(page).inputValue()).toBe('承知しました\n改行の次');
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=sent]').filter({ hasText: '承知しました' }).waitFor();
  expect(await composer(page).inputValue()).toBe('');
  await context.close();
});

test('a draft outlives a reload, and another conversation does not get it', async () => {
  await world.say('下書き 緑', 'こんにちは');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '下書き 緑');
  await start(page).click();
  await composer(page).fill('まだ途中の文章');
  await world.open(page, '二');
  expect(await composer(page).count()).toBe(0);
  await page.reload();
  await page.locator('.tabs .in_progress').click();
  await page.locator('.list li a').filter({ hasText: 'まだ途中の文章' }).waitFor();
  await world.open(page, '下書き 緑');
  expect(await composer(page).inputValue()).toBe('まだ途中の文章');
  await context.close();
});

test('an answer written while the line is cut outlives the page and goes out once', async () => {
  await world.say('断線 椿', '聞こえますか');
  const cable = await world.cable();
  const { page, context } = await world.desk('hanako', {}, cable.url);
  await world.open(page, '断線 椿');
  await start(page).click();
  await page.locator('[data-main=complete]').waitFor();
  cable.cut();
  await composer(page).fill('聞こえています');
  await page.keyboard.press('Enter');
  expect(await bubbles(page, '聞こえています').getAttribute('data-state')).toBe('waiting');
  const address = page.url();
  await page.goto('about:blank');
  expect(await world.shown('断線 椿')).toEqual(['聞こえますか']);
  cable.mend();
  await page.goto(address);
  await page.locator('article[data-state=sent]').filter({ hasText: '聞こえています' }).waitFor();
  expect(await bubbles(page, '聞こえています').count()).toBe(1);
  expect(await world.shown('断線 椿')).toEqual(['聞こえますか', '聞こえています']);
  cable.close();
  await context.close();
});

test('what was typed comes back when a supervisor takes the seat in the meantime', async () => {
  await world.say('交代 蒼', '急ぎです');
  const { page, context } = await world.desk('hanako');
  const chief = await world.desk('misaki');
  await world.open(page, '交代 蒼');
  await start(page).click();
  await page.locator('[data-main=complete]').waitFor();
  await composer(page).fill('書きかけの返事');
  await chief.page.locator('.tabs .in_progress').click();
  await world.open(chief.page, '交代 蒼');
  await chief.page.getByRole('button', { name: '引き取る' }).click();
  await chief.page.locator('dialog textarea').fill('休憩のため');
  await chief.page.locator('dialog .primary').click();
  await chief.page.locator('[data-main=complete]').waitFor();
  await page.locator('[data-main=held]').waitFor();
  expect(await composer(page).inputValue()).toBe('書きかけの返事');
  expect(await composer(page).getAttribute('readonly')).not.toBeNull();
  await page.locator('.event').filter({ hasText: '休憩のため' }).waitFor();
  await Promise.all([context.close(), chief.context.close()]);
});

test('a hand-over is offered, rings, is accepted, and only then moves the seat', async () => {
  await world.say('引継 碧', '相談です');
  const [giver, taker] = await Promise.all([world.desk('hanako'), world.desk('taro')]);
  await world.open(giver.page, '引継 碧');
  await start(giver.page).click();
  await giver.page.locator('[data-main=complete]').waitFor();
  await giver.page.getByRole('button', { name: '引き継ぎ', exact: true }).click();
  await giver.page.locator('dialog label').filter({ hasText: '鈴木 太郎' }).click();
  await giver.page.locator('dialog textarea').fill('配送の件です');
  await giver.page.locator('dialog .primary').click();
  await taker.page.getByRole('button', { name: '通知' }).first().click();
  await taker.page.locator('dialog .person').filter({ hasText: '佐藤 花子さんから引き継ぎの依頼' }).first().click();
  expect((await world.conversation('引継 碧')).seat.agent).toBe(world.agents.hanako);
  await taker.page.locator('[data-main=accept]').click();
  await taker.page.locator('[data-main=complete]').waitFor();
  await giver.page.locator('[data-main=held]').waitFor();
  expect((await world.conversation('引継 碧')).seat).toMatchObject({ agent: world.agents.taro, epoch: 2 });
  await Promise.all([giver.context.close(), taker.context.close()]);
});

test('a whole case by keyboard: find, start, answer, memo, complete, undo', async () => {
  await world.say('鍵盤 楓', 'キーボードだけで');
  const { page, context } = await world.desk('taro');
  await page.locator('.list li a').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(world.ids['鍵盤 楓'] ?? '');
  await page.locator('.list li a').filter({ hasText: 'キーボードだけで' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.locator('main article').filter({ hasText: 'キーボードだけで' }).waitFor();
  await page.keyboard.press('s');
  await page.locator('[data-main=complete]').waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await page.keyboard.type('お待たせしました');
  await page.keyboard.press('Enter');
  await page.locator('article[data-state=sent]').filter({ hasText: 'お待たせしました' }).waitFor();
  await page.keyboard.press('Control+Shift+U');
  await page.keyboard.type('常連のお客様');
  await page.keyboard.press('Enter');
  await page.locator('article.note').filter({ hasText: '常連のお客様' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.locator('dialog kbd').first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await page.locator('[data-main=resume]').waitFor();
  expect((await world.conversation('鍵盤 楓')).status).toBe('done');
  await page.getByRole('button', { name: '元に戻す' }).click();
  await page.locator('[data-main=complete]').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('対応完了');
  await page.keyboard.press('Enter');
  await page.locator('[data-main=resume]').waitFor();
  await context.close();
});

test('names and texts of hostile people are shown as text and run nothing', async () => {
  const name = '<img src=x onerror="window.hit=1">';
  const text =
    '<script>window.hit=2</script>"><svg onload=window.hit=3> javascript:alert(1) https://example.com/?a=<b>&c=1 {{7*7}}';
  await world.say('悪意', text);
  const agent = await world.api('POST', '/agents', {
    login: 'odd',
    name,
    role: 'agent',
    password: 'correct horse 窓口',
  });
  await world.api('PUT', `/windows/support/agents/${agent.id}`);
  const odd = await world.desk('odd');
  await world.open(odd.page, '悪意');
  await start(odd.page).click();
  await odd.page.locator('[data-main=complete]').waitFor();
  const { page, context } = await world.desk('misaki');
  const wrong: string[] = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.locator('.tabs .in_progress').click();
  await world.open(page, '悪意');
  await bubbles(page, text).waitFor();
  expect(await page.locator('[data-main=held]').textContent()).toContain(name);
  expect(await page.locator('main article .bubble img, main article script, main article svg[onload]').count()).toBe(0);
  const links = await page
    .locator('main article .text a')
    .evaluateAll((them) => them.map((it) => [it.getAttribute('href'), it.getAttribute('rel')]));
  expect(links.every(([href, rel]) => href?.startsWith('https://example.com/') && rel === 'noopener noreferrer')).toBe(
    true,
  );
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined();
  expect(wrong).toEqual([]);
  await Promise.all([context.close(), odd.context.close()]);
});

test('typing is seen by colleagues and not by the one who types', async () => {
  await world.say('入力 渚', 'いますか');
  const [a, b] = await Promise.all([world.desk('hanako'), world.desk('taro')]);
  await Promise.all([world.open(a.page, '入力 渚'), world.open(b.page, '入力 渚')]);
  await start(a.page).click();
  await a.page.locator('[data-main=complete]').waitFor();
  await composer(a.page).click();
  await a.page.keyboard.type('ただいま');
  await b.page.locator('.typing').filter({ hasText: '佐藤 花子さんが入力中' }).waitFor();
  expect(await a.page.locator('.typing').textContent()).toBe('');
  await Promise.all([a.context.close(), b.context.close()]);
});

test('a session that ended asks for the password over the screen and loses nothing', async () => {
  await world.say('期限 凪', 'こんにちは');
  const { page, context } = await world.desk('hanako');
  await world.open(page, '期限 凪');
  await start(page).click();
  await page.locator('[data-main=complete]').waitFor();
  await composer(page).fill('書いている途中');
  await page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }));
  await page.locator('.expired').waitFor();
  await logIn(page, 'hanako');
  await page.locator('.expired').waitFor({ state: 'detached' });
  expect(await composer(page).inputValue()).toBe('書いている途中');
  await context.close();
});

test('on a phone there is one pane at a time and the way back', async () => {
  const { page, context } = await world.desk('hanako', {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  await page.locator('.tabs .all').click();
  await page.locator('.list li a').first().waitFor();
  expect(await page.locator('.rail').isVisible()).toBe(false);
  expect(await page.locator('.bottom').isVisible()).toBe(true);
  await page.locator('.list li a').first().tap();
  await page.locator('.pane-thread h2').first().waitFor();
  expect(await page.locator('.list').isVisible()).toBe(false);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
  await page.goBack();
  await page.locator('.list').waitFor();
  expect(await page.locator('.list').isVisible()).toBe(true);
  await context.close();
});
