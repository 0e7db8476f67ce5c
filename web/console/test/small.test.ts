// Keys, lists, times, texts.

import { describe, expect, test } from 'vitest';
import { dayKey, hue, initial, pieces, short, span, urgency } from '../src/core/format';
import { BINDINGS, meaning, type Press, sends, sendsAndCompletes, written } from '../src/core/keymap';
import { period, runs } from '../src/core/letter';
import { counted, listed, NO_MORE, NOBODY, narrowed, oldestWaiting } from '../src/core/list';
import { moveRow } from '../src/core/row';
import { add, join, moveMessages } from '../src/core/thread';
import { ulid } from '../src/core/ulid';
import { en } from '../src/i18n/en';
import { ja } from '../src/i18n/ja';
import { conversation, message, seat } from './samples';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  keyCode: 0,
  ...more,
});

describe('keys', () => {
  test('a letter acts outside inputs only, and not at all when letters are off', () => {
    expect(meaning(press('s'), false, true)).toEqual({ action: 'start' });
    expect(meaning(press('s'), true, true)).toBeNull();
    expect(meaning(press('s'), false, false)).toBeNull();
    expect(meaning(press('ArrowDown'), false, false)).toEqual({ action: 'next' });
    expect(meaning(press('k', { ctrlKey: true }), true, false)).toEqual({ action: 'palette' });
  });

  test('h hands over, Shift+h accepts, Ctrl+s and Alt+s belong to the browser', () => {
    expect(meaning(press('h'), false, true)?.action).toBe('hand_over');
    expect(meaning(press('H', { shiftKey: true }), false, true)?.action).toBe('accept');
    expect(meaning(press('s', { ctrlKey: true }), false, true)).toBeNull();
    expect(meaning(press('s', { altKey: true }), false, true)).toBeNull();
  });

  test('an input method that turns a letter into another does not hide the key; a conversion does', () => {
    expect(meaning(press('し', { code: 'KeyS' }), false, true)).toEqual({ action: 'start' });
    expect(meaning(press('s', { isComposing: true }), false, true)).toBeNull();
    expect(meaning(press('s', { keyCode: 229 }), false, true)).toBeNull();
  });

  test('? works on every keyboard, Alt+digit switches windows', () => {
    expect(meaning(press('?', { shiftKey: true }), false, true)?.action).toBe('sheet');
    expect(meaning(press('?'), false, true)?.action).toBe('sheet');
    expect(meaning(press('3', { code: 'Digit3', altKey: true }), true, true)).toEqual({ action: 'window', number: 3 });
  });

  test('Enter sends only when it is nobody else’s', () => {
    const enter = (more: Partial<Press> = {}) => press('Enter', more);
    expect(sends(enter(), 'enter')).toBe(true);
    expect(sends(enter(), 'mod_enter')).toBe(false);
    expect(sends(enter({ ctrlKey: true }), 'mod_enter')).toBe(true);
    expect(sends(enter({ metaKey: true }), 'enter')).toBe(true);
    for (const more of [{ isComposing: true }, { keyCode: 229 }, { shiftKey: true }, { altKey: true }]) {
      expect(sends(enter(more), 'enter')).toBe(false);
    }
    expect(sendsAndCompletes(enter({ ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(sendsAndCompletes(enter({ ctrlKey: true, shiftKey: true, keyCode: 229 }))).toBe(false);
  });

  test('no key is bound twice, none is one that browsers keep for themselves, each has its words', () => {
    const keys = BINDINGS.map((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).not.toMatch(/^Mod\+[wtnl]$/);
      expect(key).not.toMatch(/^Alt\+[a-z]$/);
    }
    for (const { action } of BINDINGS) expect(ja.keys[action as keyof typeof ja.keys], action).toBeTruthy();
    expect(written('Mod+Shift+u', true)).toEqual(['⌘', 'Shift', 'U']);
  });
});

describe('lists', () => {
  const rows = [
    conversation({ id: 'a', waiting_since: '2026-01-01T00:03:00.000Z' }),
    conversation({
      id: 'b',
      waiting_since: '2026-01-01T00:01:00.000Z',
      contact_point: { id: 'p', name: 'Sato', picture_url: null, blocked: false },
    }),
    conversation({ id: 'c', status: 'in_progress', seat: seat('me'), assignee: 'me' }),
    conversation({ id: 'd', status: 'done', updated_at: '2026-01-02T00:00:00.000Z' }),
    conversation({ id: 'x', window: 'other' }),
    conversation({
      id: 'e',
      status: 'in_progress',
      seat: { ...seat('sato'), offer: { from: 'sato', to: 'me', expires_at: '', note: null } },
    }),
  ];
  const filter = { window: 'w', tab: 'all' as const, mine: false, me: 'me', text: '', sort: 'waiting' as const };
  const ids = (more: object) => listed(rows, { ...filter, ...more }).map((row) => row.id);

  test('who waits longest is first, who waits not at all comes after', () => {
    expect(ids({ tab: 'new' })).toEqual(['b', 'a']);
    expect(ids({})).toEqual(['b', 'a', 'd', 'c', 'e']);
    expect(ids({ sort: 'newest' })[0]).toBe('d');
    expect(oldestWaiting(rows, 'w', 'b')?.id).toBe('a');
    expect(oldestWaiting(rows, 'nowhere', null)).toBeNull();
  });

  test('mine is what I answer, am responsible for, or am asked to take', () => {
    expect(ids({ mine: true })).toEqual(['c', 'e']);
    expect(counted(rows, 'me').get('w')).toEqual({ new: 2, in_progress: 2, mine: 2 });
  });

  test('the search knows names without regard to case, and ids', () => {
    expect(ids({ text: 'sATO' })).toEqual(['b']);
    expect(ids({ text: ' nobody ' })).toEqual([]);
  });
});

describe('threads', () => {
  test('a message keeps its place whenever it comes, and comes once', () => {
    let list = add([], message(2));
    list = add(add(list, message(1)), message(3));
    expect(add(list, message(2, { content: { type: 'redacted' } }))).toBe(list);
    expect(list.map((it) => it.number)).toEqual([1, 2, 3]);
    expect(join(list, [message(0), message(1)]).map((it) => it.number)).toEqual([0, 1, 2, 3]);
  });

  test('an old event never brings taken-back words or a passed state back', () => {
    const gone = [message(1, { content: { type: 'redacted' }, taken_back: true })];
    expect(moveMessages(gone, { type: 'received', conversation: 'c', message: message(1), received_at: '' })).toBe(
      gone,
    );
    const sent = [message(1, { direction: 'outbound', state: 'sent' })];
    expect(moveMessages(sent, { type: 'send_started', conversation: 'c', number: 1, free: false })).toBe(sent);
    expect(moveMessages(sent, { type: 'send_abandoned', conversation: 'c', number: 1 })).toBe(sent);
    expect(moveMessages(sent, { type: 'held_back', conversation: 'c', number: 1 })).toBe(sent);
    const deleted = [message(1, { direction: 'note', deleted: true })];
    const edit = { type: 'note_edited', conversation: 'c', number: 1, content: { type: 'text', text: 'x' } } as const;
    expect(moveMessages(deleted, edit)).toBe(deleted);
  });
});

test('an answer that the platform refuses for want of messages waits visibly, though its call had begun', () => {
  const trying = [message(1, { direction: 'outbound', state: 'sending' })];
  expect(moveMessages(trying, { type: 'held_back', conversation: 'c', number: 1 })[0]?.state).toBe('unsent');
});

describe('texts and times', () => {
  test('links are http and https only, and the rest stays text', () => {
    const parts = pieces('見て https://example.com/a?b=1。javascript:alert(1) (http://example.org/x).');
    expect(parts.filter((it) => it.href).map((it) => it.href)).toEqual([
      'https://example.com/a?b=1',
      'http://example.org/x',
    ]);
    expect(parts.map((it) => it.text).join('')).toBe(
      '見て https://example.com/a?b=1。javascript:alert(1) (http://example.org/x).',
    );
    expect(pieces('')).toEqual([{ text: '', href: null }]);
    expect(pieces('https://')).toEqual([{ text: 'https://', href: null }]);
  });

  test('days are those of the reader', () => {
    const late = '2026-11-20T16:00:00Z';
    expect(dayKey(late, 'Asia/Tokyo')).not.toBe(dayKey(late, 'UTC'));
    expect(short(late, Date.parse('2026-11-21T01:00:00Z'), 'ja', 'Asia/Tokyo')).toBe('01:00');
    expect(short(late, Date.parse('2026-11-23T01:00:00Z'), 'ja', 'Asia/Tokyo')).toBe('11/21');
  });

  test('waiting is told in its largest whole unit and becomes urgent', () => {
    expect(ja.span(span(59_999))).toBe('59秒');
    expect(ja.span(span(3_600_000))).toBe('1時間');
    expect(en.span(span(90_000_000))).toBe('1d');
    expect(span(-5)).toEqual({ unit: 'second', count: 0 });
    expect([0, 300_000, 900_000].map(urgency)).toEqual(['calm', 'soon', 'late']);
  });

  test('a first letter is what people see as one', () => {
    expect(initial('👨‍👩‍👧 家族')).toBe('👨‍👩‍👧');
    expect(initial('  ')).toBe('?');
    expect(hue('a')).toBe(hue('a'));
  });

  test('ids are ULIDs that sort by time', () => {
    const one = ulid(1_700_000_000_000);
    const two = ulid(1_700_000_000_001);
    expect(one).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(one < two).toBe(true);
    expect(ulid(0, () => {})).toBe('0'.repeat(26));
  });

  test('no text is empty in either language, and both have the same ones', () => {
    const walk = (a: object, b: object, path: string) => {
      expect(Object.keys(b).sort(), path).toEqual(Object.keys(a).sort());
      for (const [key, value] of Object.entries(a)) {
        const other = (b as Record<string, unknown>)[key];
        if (typeof value === 'object') walk(value, other as object, `${path}.${key}`);
        else if (typeof value === 'string') expect(String(other).trim(), `${path}.${key}`).not.toBe('');
      }
    };
    walk(ja, en, 'ja');
  });
});

describe('the right to a free answer', () => {
  const free = {
    type: 'received',
    conversation: 'c',
    message: message(2),
    received_at: '2026-01-01T00:00:00.000Z',
  } as const;
  test('begins with what the customer writes, ends when it is used, and comes back when it was not', () => {
    const row = conversation();
    expect(moveRow(row, free, 50_000).free_answer_until).toBeNull();
    const has = moveRow(row, { ...free, free_answer: true }, 50_000);
    expect(has.free_answer_until).toBe('2026-01-01T00:00:50.000Z');
    const paid = moveRow(has, { type: 'send_started', conversation: 'c', number: 3, free: false }, 50_000);
    expect(paid.free_answer_until).toBe(has.free_answer_until);
    const used = moveRow(has, { type: 'send_started', conversation: 'c', number: 3, free: true }, 50_000);
    expect(used.free_answer_until).toBeNull();
    const back = { type: 'free_answer_back', conversation: 'c', received_at: free.received_at } as const;
    expect(moveRow(used, back, 50_000).free_answer_until).toBe(has.free_answer_until);
    const newer = { ...used, free_answer_until: '2026-01-01T00:09:00.000Z' };
    expect(moveRow(newer, back, 50_000).free_answer_until).toBe(newer.free_answer_until);
  });
});

describe('what the panel narrows by', () => {
  const at = (iso: string) => new Date(iso).toISOString();
  const rows = [
    conversation({ id: 'a', seat: seat('me'), assignee: 'ito', updated_at: at('2026-01-10T23:59:59') }),
    conversation({ id: 'b', contact: { id: 'k', name: '山田' }, updated_at: at('2026-01-11T00:00:00') }),
    conversation({ id: 'c', seat: seat('ito'), updated_at: at('2026-01-12T12:00:00') }),
  ];
  const shown = (more: Partial<typeof NO_MORE>) =>
    listed(rows, {
      window: 'w',
      tab: 'all',
      mine: false,
      me: 'me',
      text: '',
      sort: 'newest',
      more: { ...NO_MORE, ...more },
      isUnread: (row) => row.id === 'c',
    })
      .map((row) => row.id)
      .sort()
      .join('');
  test.each([
    ['nothing', {}, 'abc'],
    ['a holder', { holder: 'ito' }, 'c'],
    ['no holder', { holder: NOBODY }, 'b'],
    ['nobody responsible', { assignee: NOBODY }, 'bc'],
    ['people in the directory', { registered: 'yes' as const }, 'b'],
    ['a local day, its last second included', { from: '2026-01-10', to: '2026-01-10' }, 'a'],
    ['from a day on', { from: '2026-01-11' }, 'bc'],
    ['what is unread', { unread: true }, 'c'],
    ['two things at once', { from: '2026-01-11', holder: NOBODY }, 'b'],
  ])('%s', (_, more, wanted) => {
    expect(shown(more)).toBe(wanted);
    expect(narrowed({ ...NO_MORE, ...more })).toBe(Object.keys(more).length);
  });
});

describe('letters', () => {
  test('what is quoted is told from what was written, and nothing is lost', () => {
    const text = 'はい。\n\n> 一\n>\n\n> 二\nでは。';
    expect(runs(text).map((run) => [run.quoted, run.text])).toEqual([
      [false, 'はい。'],
      [true, '> 一\n>\n\n> 二'],
      [false, 'では。'],
    ]);
    expect(runs('')).toEqual([{ quoted: false, text: '', lines: 1 }]);
  });

  test('an invitation is told in the reader’s time, or as it is written, and never wrongly', () => {
    const ja = (starts: string, ends: string) => period(starts, ends, 'ja', 'Asia/Tokyo');
    expect(ja('20261201T010000Z', '20261201T020000Z')).toBe('2026年12月1日(火) 10:00 – 11:00');
    expect(ja('20261201T160000Z', '20261202T020000Z')).toBe('2026年12月2日(水) 01:00 – 11:00');
    expect(ja('20261201T100000', '20261202T090000')).toBe('2026年12月1日(火) 10:00 – 2026年12月2日(水) 09:00');
    expect(ja('20261201', '20261201')).toBe('2026年12月1日(火)');
    expect(ja('20261201T010000Z', '')).toBe('2026年12月1日(火) 10:00');
    expect(ja('someday', 'later')).toBe('someday – later');
    expect(ja('20261201T010000Z', 'PT1H')).toBe('2026年12月1日(火) 10:00 – PT1H');
  });
});
