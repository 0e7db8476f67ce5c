// The administration's forms, hours, filters; and that it means the same by every field as the server.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { en } from '../src/admin/i18n/en';
import { ja } from '../src/admin/i18n/ja';
import { isAtLeast, pagesFor, rolesUpTo } from '../src/admin/menu';
import { actionIn, KNOWN, objectIn, query } from '../src/admin/operation/audit';
import { browserOf } from '../src/admin/people/browser';
import { filled } from '../src/admin/windows/line';
import { wrongPicture } from '../src/admin/windows/window';
import * as wire from '../src/admin/wire';
import { fieldOf, graphemes, patch, same } from '../src/core/form';
import { another, RANGES, tidy, time, wrongRange } from '../src/core/week';

describe('forms', () => {
  test('characters are counted as people count them', () => {
    expect(graphemes('窓口')).toBe(2);
    expect(graphemes('👩‍👩‍👧‍👦が来た')).toBe(4);
    expect(graphemes('か\u3099')).toBe(1);
    expect(graphemes('')).toBe(0);
  });

  test('a form is changed when it says something else, and not by the order of fields', () => {
    expect(same({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(same({ a: undefined }, {})).toBe(true);
    expect(same([], {})).toBe(false);
    expect(patch({ name: 'a', places: [1] }, { name: 'b', places: [1] })).toEqual({ name: 'b' });
  });

  test('a refusal lands on its field, however deep the server names it', () => {
    const known = ['name', 'mode', 'week.monday', 'offline.text', 'text'];
    expect(fieldOf({ field: 'name' }, known)).toBe('name');
    expect(fieldOf({ field: 'settings.mode' }, known)).toBe('mode');
    expect(fieldOf({ field: 'week.monday[1].from' }, known)).toBe('week.monday');
    expect(fieldOf({ field: 'offline.text' }, known)).toBe('offline.text');
    expect(fieldOf({ field: 'elsewhere' }, known)).toBeNull();
    expect(fieldOf({}, known)).toBeNull();
    expect(fieldOf({ field: 'window name' }, known)).toBe('name');
  });
});

describe('opening hours', () => {
  test('a time is read however it is typed, and nothing else is one', () => {
    for (const typed of ['9', '09:00', '9:0', '900', '0900', '９：００', '9時', ' 9:00 ', '9時00分']) {
      expect(time(typed), typed).toBe('09:00');
    }
    expect(time('24:00')).toBe('24:00');
    expect(time('0')).toBe('00:00');
    for (const typed of ['', '24:01', '25', '9:60', 'noon', '-1', '9:00 pm', '12345'])
      expect(time(typed), typed).toBeNull();
  });

  test('a range that cannot be is named, one that meets another only where both are open', () => {
    const day = [
      { from: '09:00', to: '12:00' },
      { from: '12:00', to: '18:00' },
      { from: '17:59', to: '24:00' },
      { from: '20:00', to: '19:00' },
      { from: 'x', to: '19:00' },
      { from: '24:00', to: '24:00' },
    ];
    expect(day.map((_, index) => wrongRange(day, index))).toEqual([
      null,
      'overlap',
      'overlap',
      'order',
      'time',
      'time',
    ]);
  });

  test('one more range never begins inside the last one, and fits into the day', () => {
    let day = [another([])];
    for (let i = 1; i < RANGES; i++) day = [...day, another(day)].slice(-RANGES);
    for (const range of day) expect(time(range.to)).not.toBeNull();
    expect(wrongRange([{ from: '09:00', to: '18:00' }, another([{ from: '09:00', to: '18:00' }])], 1)).toBeNull();
    expect(
      tidy([
        { from: '13', to: '18' },
        { from: '9', to: '12' },
      ]),
    ).toEqual([
      { from: '09:00', to: '12:00' },
      { from: '13:00', to: '18:00' },
    ]);
  });
});

describe('rights and filters', () => {
  test('an agent sees no page of the administration, a supervisor two, an owner all', () => {
    expect(pagesFor('agent')).toEqual([]);
    expect(pagesFor('supervisor').map((page) => page.name)).toEqual(['wall', 'operation']);
    expect(pagesFor('owner')).toHaveLength(Object.keys(ja.frame.pages).length);
    expect(rolesUpTo('supervisor')).toEqual(['agent', 'supervisor']);
    expect(isAtLeast(undefined, 'agent')).toBe(false);
  });

  test('days of a filter are whole days, and every act that can be chosen has its words', () => {
    const parts = new URLSearchParams(
      query({ actor: 'a', action: '', object: ' window:x ', from: '2026-11-01', to: '2026-11-01' }),
    );
    expect([...parts.keys()].sort()).toEqual(['actor', 'from', 'object', 'to']);
    expect(parts.get('object')).toBe('window:x');
    expect(Date.parse(parts.get('to') ?? '') - Date.parse(parts.get('from') ?? '')).toBe(86_400_000);
    for (const texts of [ja, en]) for (const act of KNOWN) expect(actionIn(texts.audit.actions, act), act).toBeTruthy();
  });

  test('every act that the log may hold has its words in both languages', () => {
    const rights = readFileSync(new URL('../../../docs/rights.md', import.meta.url), 'utf8');
    const rows = [...rights.matchAll(/^\| `([A-Z]+ [^`]+|command [^`]+)` \| (\w+) \| (\w+) \|$/gm)];
    const isRead = (what: string) => what.startsWith('GET ') && !what.endsWith('/export');
    // Desk work is told by its command, whichever way it came.
    const isDesk = (what: string) => /conversations|\/raw|sessions|session\b|files|preview/.test(what);
    const acts = rows.filter(
      ([, what, stranger]) => stranger !== 'everybody' && !isRead(what ?? '') && !isDesk(what ?? ''),
    );
    const lacking = acts
      .map(([, what]) => what ?? '')
      .filter((what) => what !== 'command claim' && what !== 'command accept_handover');
    expect(lacking.length).toBeGreaterThan(30);
    for (const texts of [ja, en]) expect(lacking.filter((what) => !actionIn(texts.audit.actions, what))).toEqual([]);
  });

  test('what an act was done to is called by its name', () => {
    const nameOf = (kind: string, id: string) => (kind === 'window' && id === 'support' ? 'サポート窓口' : null);
    expect(objectIn(ja.audit.kinds, nameOf, 'window:support')).toBe('サポート窓口');
    expect(objectIn(ja.audit.kinds, nameOf, 'inbox:01KAH30A1B3C5D7E9F1G3H5J7K')).toBe('外部チャネル …3H5J7K');
    expect(objectIn(ja.audit.kinds, nameOf, 'odd')).toBe('odd');
  });

  test('an empty secret is not sent, so that it stays; an agent’s browser has a name that people know', () => {
    expect(filled({ channel_secret: '', mode: 'push', loading: false })).toEqual({ mode: 'push', loading: false });
    expect(
      browserOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0'),
    ).toBe('Edge · Windows');
    expect(browserOf('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1')).toBe(
      'Safari · iPhone',
    );
    expect(browserOf('curl/8.5')).toBe('curl/8.5');
    expect(browserOf(null)).toBeNull();
  });

  test('a picture that a window cannot have is refused before it is sent', () => {
    expect(wrongPicture({ name: 'logo1.png', size: 9_999_999 })).toBeNull();
    expect(wrongPicture({ name: 'logo1.png', size: 10_000_000 })).toBe('size');
    expect(wrongPicture({ name: 'Logo.png', size: 10 })).toBe('name');
    expect(wrongPicture({ name: 'ロゴ.png', size: 10 })).toBe('name');
    expect(wrongPicture({ name: 'logo.PNG', size: 10 })).toBe('name');
    expect(wrongPicture({ name: 'logo.jpg', size: 10 })).toBe('type');
  });
});

test('every thing of the administration has the fields and words of the published document', () => {
  const { schemas } = JSON.parse(
    readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
  ).components;
  for (const [name, shape] of Object.entries(wire)) {
    const schema = schemas[name];
    expect(schema, `${name} in docs/openapi.json`).toBeTruthy();
    if ('words' in shape) expect([...shape.words].sort(), name).toEqual([...schema.enum].sort());
    if ('fields' in shape)
      expect(Object.keys(shape.fields).sort(), name).toEqual(Object.keys(schema.properties).sort());
  }
});
