// What is told of accounts: nobody works on without knowing, nobody is alarmed without cause.

import { expect, test } from 'vitest';
import type { Frame, Standing, Trouble } from '../src/core/protocol';
import { reduce } from '../src/core/reduce';
import { FRESH_MS, isDue, isSevere, left, SOON_MS, troubles } from '../src/core/standing';
import { empty } from '../src/core/state';
import { Trouble as Words } from '../src/core/wire';
import { en } from '../src/i18n/en';
import { ja } from '../src/i18n/ja';
import { problem } from './samples';

const account = (inbox: string, remaining: number | null, ...found: Trouble[]): Standing => ({
  inbox,
  troubles: found,
  remaining,
});

test('a conversation is told of its own account only, the window of every one, each trouble once and in its order', () => {
  const accounts = [
    account('a', 10, 'unreachable', 'send_failed'),
    account('b', 10, 'unreachable', 'token_refused'),
    account('c', 10),
  ];
  expect(troubles(accounts, 'a')).toEqual(['unreachable', 'send_failed']);
  expect(troubles(accounts, 'c')).toEqual([]);
  expect(troubles(accounts, 'gone')).toEqual([]);
  expect(troubles(accounts, null)).toEqual(['token_refused', 'unreachable', 'send_failed']);
});

test('no trouble of the server stays untold: each has a place, the first the most urgent, and a sentence', () => {
  const all = account('a', null, ...[...Words.words].reverse());
  expect([...troubles([all], 'a'), 'quota_low']).toEqual([...Words.words]);
  for (const word of Words.words) {
    expect(ja.trouble[word], word).toMatch(/。$/);
    expect(en.trouble[word], word).toMatch(/\.$/);
  }
  expect(Words.words.filter(isSevere)).toEqual(['secret_unreadable', 'token_refused', 'wrong_signature']);
});

test('a trouble of a later release is left out instead of shown without words', () => {
  const later = account('a', 5, 'eclipse' as Trouble, 'unreachable');
  expect(troubles([later], null)).toEqual(['unreachable']);
  expect(left([later], 'a')).toEqual({ count: 5, level: 'calm' });
});

test('what is left is calm, low or empty as the server says, and is not shown where there is no limit', () => {
  expect(left([account('a', 180)], 'a')).toEqual({ count: 180, level: 'calm' });
  expect(left([account('a', 9, 'quota_low')], 'a')).toEqual({ count: 9, level: 'low' });
  expect(left([account('a', 0, 'quota_empty')], 'a')).toEqual({ count: 0, level: 'empty' });
  expect(left([account('a', null)], 'a')).toEqual({ count: null, level: 'calm' });
  expect(left([account('a', 9, 'quota_low')], 'b')).toEqual({ count: null, level: 'calm' });
});

test('a refusal for want of messages counts more than an older number', () => {
  expect(left([account('a', 3, 'quota_empty')], 'a')).toEqual({ count: 0, level: 'empty' });
  expect(left([account('a', null, 'quota_empty')], 'a')).toEqual({ count: 0, level: 'empty' });
});

test('the sums are asked once a minute, sooner after a send, and never in a row', () => {
  expect(isDue(undefined, 0)).toBe(true);
  const asked = { at: 1_000, moved: false };
  expect(isDue(asked, 1_000 + FRESH_MS - 1)).toBe(false);
  expect(isDue(asked, 1_000 + FRESH_MS)).toBe(true);
  expect(isDue({ ...asked, moved: true }, 1_000 + SOON_MS - 1)).toBe(false);
  expect(isDue({ ...asked, moved: true }, 1_000 + SOON_MS)).toBe(true);
});

test('the latest word on accounts replaces the one before, outlives a short interruption, and goes with the right', () => {
  const state = empty();
  const agent = {
    id: 'me',
    login: 'me',
    name: 'me',
    role: 'agent',
    disabled: false,
    created_at: '',
    icon_url: null,
  } as const;
  reduce(state, { type: 'me', agent, windows: [{ id: 'w', name: 'w', member: true }] }, 0);
  const told = (...accounts: Standing[]): Frame<'accounts'> => ({ type: 'accounts', window: 'w', accounts });
  reduce(state, told(account('a', 0, 'quota_empty'), account('b', 1)), 0);
  reduce(state, told(account('a', 200)), 0);
  expect(state.windows.get('w')?.accounts).toEqual([account('a', 200)]);
  reduce(state, { ...told(account('x', 1)), window: 'of-others' }, 0);
  expect(state.windows.has('of-others')).toBe(false);
  reduce(state, { type: 'unwatched', window: 'w', problem: problem('catching_up') }, 0);
  expect(state.windows.get('w')?.accounts).toEqual([account('a', 200)]);
  reduce(state, { type: 'unwatched', window: 'w', problem: problem('not_a_member') }, 0);
  expect(state.windows.get('w')?.accounts).toEqual([]);
});
