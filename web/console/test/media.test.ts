// Pictures that belong together, the gallery, sizes and lengths.

import { expect, test } from 'vitest';
import { bytes, fileName, gallery, grouped, length, mapOf } from '../src/core/media';
import type { Message } from '../src/core/protocol';
import { message } from './samples';

const file = (id: string) => ({ id, url: `/api/v1/files/${id}`, preview_url: null, mime: 'image/png', bytes: 9 });
const image = (number: number, set: { id: string; index: number; total: number } | null, more: Partial<Message> = {}) =>
  message(number, { content: { type: 'image', file: file(`f${number}`), ...(set ? { set } : {}) }, ...more });

test('pictures of one set stand together in the order of sending, and nothing else does', () => {
  const set = (index: number) => ({ id: 's', index, total: 3 });
  const messages = [
    message(1),
    image(2, set(2)),
    image(3, set(1)),
    message(4),
    image(5, set(3)),
    image(6, null),
    image(7, null),
  ];
  expect(grouped(messages).map((group) => group.map((it) => it.number))).toEqual([[1], [3, 2], [4], [5], [6], [7]]);
});

test('a picture that was taken back leaves its set and the gallery at once', () => {
  const set = (index: number) => ({ id: 's', index, total: 2 });
  const gone = image(3, null, { content: { type: 'redacted' }, taken_back: true });
  expect(grouped([image(2, set(1)), gone]).map((group) => group.length)).toEqual([1, 1]);
  expect(gallery([image(2, set(1)), gone, message(4)]).map((it) => it.number)).toEqual([2]);
  const still = image(5, null, { taken_back: true });
  expect(gallery([still])).toEqual([]);
});

test('sizes and lengths are said as people say them', () => {
  expect([0, 1023, 1024, 204_800, 1_048_576, 9_500_000, 209_715_200].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1 KB',
    '200 KB',
    '1 MB',
    '9.1 MB',
    '200 MB',
  ]);
  expect([0, 65_400, 600_000, 3_723_000].map(length)).toEqual(['0:00', '1:05', '10:00', '1:02:03']);
});

test('a map address holds two numbers and nothing that a customer wrote', () => {
  expect(mapOf(35.681236, -139.5)).toBe('https://www.google.com/maps/search/?api=1&query=35.681236%2C-139.500000');
});

test('a file is saved under a name that is one, whatever the customer called it', () => {
  expect(fileName('<b>見積書</b>.pdf')).toBe('_b_見積書__b_.pdf');
  expect(fileName('../../etc/passwd')).toBe('_.._etc_passwd');
  expect(fileName('a\u202Efdp.exe')).toBe('a_fdp.exe');
  expect(fileName(undefined)).toBe('');
});
