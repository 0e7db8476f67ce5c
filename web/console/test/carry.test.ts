// What may be sent, told before it is sent: by the server's rules and in the platform's own count.

import { describe, expect, test } from 'vitest';
import {
  carried,
  fits,
  going,
  mayUpload,
  measure,
  placeIn,
  room,
  saying,
  UPLOAD_BYTES,
  wrongButton,
} from '../src/core/carry';
import { Outbox } from '../src/core/outbox';
import type { ButtonsRule, Capabilities, Upload } from '../src/core/protocol';

const utf16 = (most: number) => ({ most, unit: 'utf16' as const });
const graphemes = (most: number) => ({ most, unit: 'graphemes' as const });
const MIB = 1024 * 1024;
const buttons: ButtonsRule = {
  most: 4,
  label: graphemes(20),
  text: graphemes(300),
  data: utf16(300),
  display: graphemes(300),
  url: utf16(1000),
  schemes: ['https://', 'tel:'],
};
const can: Capabilities = {
  channel: 'line',
  text: utf16(24_996),
  stickers: [{ package_id: '446', sticker_ids: ['1988'] }],
  image: { formats: ['image/jpeg', 'image/png'], most_bytes: 10 * MIB, as_link: false },
  video: { formats: ['video/mp4'], most_bytes: 200 * MIB, as_link: false },
  audio: { formats: ['audio/mp4'], most_bytes: 200 * MIB, as_link: false },
  file: { formats: [], most_bytes: 50 * MIB, as_link: true },
  location: { title: utf16(100), address: utf16(100) },
  cards: null,
  native: null,
  quick_replies: buttons,
  messages_a_call: 5,
  free_answers: true,
  paid_answers: true,
  metered: true,
  features: {
    unsend: false,
    edit: false,
    react: false,
    delivered: false,
    seen: false,
    typing: true,
    mark_read: true,
    first_contact: false,
  },
};
const upload = (change: Partial<Upload>): Upload => ({
  id: 'f',
  url: '/f',
  preview_url: null,
  mime: 'image/png',
  bytes: 10,
  kind: 'image',
  name: 'a.png',
  duration_ms: null,
  ...change,
});

describe('lengths', () => {
  test('are counted as the platform counts, not as the language does', () => {
    expect(measure('👨‍👩‍👧', { unit: 'utf16' })).toBe(8);
    expect(measure('👨‍👩‍👧', { unit: 'graphemes' })).toBe(1);
    expect(room('が', graphemes(1))).toBe(0);
    expect(fits('  \n', utf16(5))).toBe(false);
    expect(fits('👍👍', utf16(3))).toBe(false);
  });
});

describe('files', () => {
  test('are refused before a byte of them is sent, with the limit', () => {
    expect(mayUpload(can, { mime: 'application/pdf', bytes: 50 * MIB })).toBeNull();
    expect(mayUpload(can, { mime: 'application/pdf', bytes: 50 * MIB + 1 })).toEqual({
      why: 'too_large',
      mostBytes: 50 * MIB,
    });
    expect(mayUpload(can, { mime: 'video/mp4', bytes: 201 * MIB })).toEqual({
      why: 'too_large',
      mostBytes: UPLOAD_BYTES,
    });
    expect(mayUpload(can, { mime: 'image/heic', bytes: 30 * MIB }), 'pictures are made smaller').toBeNull();
    expect(mayUpload(can, { mime: '', bytes: 0 })).toEqual({ why: 'empty' });
    expect(mayUpload({ ...can, file: null }, { mime: 'application/pdf', bytes: 1 })).toEqual({ why: 'not_carried' });
  });

  test('go as what they are, else as a link, else not at all', () => {
    expect(carried(can, upload({}))).toEqual({ content: { type: 'image', file: 'f', name: 'a.png' }, asLink: false });
    const film = upload({ kind: 'video', mime: 'video/quicktime', name: null });
    expect(carried(can, film)).toEqual({ content: { type: 'file', file: 'f' }, asLink: true });
    const silent = upload({ kind: 'audio', mime: 'audio/mp4' });
    expect(carried(can, silent)).toMatchObject({ content: { type: 'file' } });
    expect(carried(can, { ...silent, duration_ms: 4_000 })).toMatchObject({
      content: { type: 'audio' },
      asLink: false,
    });
    expect(carried({ ...can, file: null }, film)).toEqual({ why: 'not_carried' });
    expect(carried(can, upload({ kind: 'file', mime: 'x/y', bytes: 51 * MIB }))).toEqual({
      why: 'too_large',
      mostBytes: 50 * MIB,
    });
  });
});

describe('how an answer would go', () => {
  const row = { free_answer_until: '2026-01-01T00:00:50.000Z' };
  const at = (seconds: number) => Date.parse('2026-01-01T00:00:00.000Z') + seconds * 1000;
  test('free to the last second, then as the account is set', () => {
    expect(going(row, can, at(0))).toEqual({ is: 'free', seconds: 50 });
    expect(going(row, can, at(49.5))).toEqual({ is: 'free', seconds: 1 });
    expect(going(row, can, at(50))).toEqual({ is: 'paid' });
    expect(going(row, { free_answers: true, paid_answers: false }, at(50))).toEqual({ is: 'waits' });
    expect(going({ free_answer_until: null }, can, at(0))).toEqual({ is: 'paid' });
    expect(going(row, { free_answers: false, paid_answers: true }, at(0)), 'a right is not used by push').toEqual({
      is: 'paid',
    });
  });
});

test('a button is wrong by its label, its words or its address', () => {
  expect(wrongButton(saying('はい'), buttons)).toBeNull();
  expect(wrongButton(saying('あ'.repeat(21)), buttons)).toBe('label');
  expect(wrongButton({ label: 'x', does: 'say', text: ' ' }, buttons)).toBe('text');
  for (const url of ['', 'https://', 'javascript:alert(1)', 'http://a', 'https://日本.jp', 'https://a b']) {
    expect(wrongButton({ label: 'x', does: 'open', url }, buttons), url).toBe('url');
  }
  expect(wrongButton({ label: 'x', does: 'open', url: 'tel:0312345678' }, buttons)).toBeNull();
});

test('a place is read from coordinates and from the address of a map, and from nothing else', () => {
  const tokyo = { latitude: 35.681236, longitude: 139.767125 };
  expect(placeIn('35.681236, 139.767125')).toEqual(tokyo);
  expect(placeIn('35.681236、139.767125')).toEqual(tokyo);
  expect(placeIn('https://www.google.com/maps/@35.681236,139.767125,15z')).toEqual(tokyo);
  expect(placeIn('https://www.google.com/maps/search/?api=1&query=35.681236%2C139.767125')).toEqual(tokyo);
  for (const text of ['', '東京駅', '95, 139', '35.6', '35.6, 239.7']) expect(placeIn(text), text).toBeNull();
});

test('a picture and its buttons are said as they were made, and said again the same', () => {
  const outbox = new Outbox({ put: () => {}, remove: () => {} });
  const content = { type: 'image', file: 'f' } as const;
  outbox.add({
    clientId: 'k',
    conversation: 'c',
    kind: 'reply',
    text: '',
    content,
    quickReplies: [saying('はい')],
    epoch: 3,
    at: '',
    state: 'waiting',
    problem: null,
  });
  const said = outbox.take()[0]?.command;
  expect(said).toEqual({ type: 'send', client_id: 'k', seat_epoch: 3, content, quick_replies: [saying('はい')] });
  outbox.lineLost();
  expect(outbox.take()[0]?.command).toEqual(said);
});
