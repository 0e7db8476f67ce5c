import { expect, test } from 'vitest';
import { type Item, Outbox } from '../src/core/outbox';
import { problem } from './samples';

const item = (clientId: string, change: Partial<Item> = {}): Item => ({
  clientId,
  conversation: 'c',
  kind: 'reply',
  text: clientId,
  epoch: 1,
  at: '',
  state: 'waiting',
  problem: null,
  ...change,
});

function box() {
  const kept = new Map<string, Item>();
  const outbox = new Outbox({ put: (it) => kept.set(it.clientId, it), remove: (id) => kept.delete(id) });
  return { outbox, kept, said: () => outbox.take().map(({ item }) => item.clientId) };
}

test('two answers to one customer cannot overtake each other, and customers do not wait for each other', () => {
  const { outbox, said } = box();
  outbox.add(item('a1'));
  outbox.add(item('a2'));
  outbox.add(item('b1', { conversation: 'd' }));
  expect(said()).toEqual(['a1', 'b1']);
  expect(said()).toEqual([]);
  outbox.answered('a1', null);
  expect(said()).toEqual(['a2']);
});

test('what had no answer when the line broke is said again under the same id', () => {
  const { outbox, said } = box();
  outbox.add(item('a1'));
  expect(said()).toEqual(['a1']);
  outbox.lineLost();
  expect(said()).toEqual(['a1']);
});

test('a server that is busy does not cost a message: it waits, and nothing passes it', () => {
  const { outbox, said, kept } = box();
  outbox.add(item('a1'));
  outbox.add(item('a2'));
  said();
  expect(outbox.answered('a1', problem('overloaded', { retry_after_ms: 700 }))).toEqual({ is: 'again', afterMs: 700 });
  expect(said()).toEqual([]);
  expect(kept.size).toBe(2);
  outbox.retry('a1');
  expect(said()).toEqual(['a1']);
});

test('a lost seat gives the words back to the person, and only once', () => {
  const { outbox, said, kept } = box();
  outbox.add(item('a1', { text: '承知しました' }));
  said();
  const answer = outbox.answered('a1', problem('seat_stale'));
  expect(answer).toMatchObject({ is: 'give_back', item: { text: '承知しました' } });
  expect(outbox.all()).toEqual([]);
  expect(kept.size).toBe(0);
  expect(outbox.answered('a1', problem('seat_stale'))).toEqual({ is: 'done' });
});

test('any other refusal stays on the screen until the person decides, and lets the next one pass', () => {
  const { outbox, said, kept } = box();
  outbox.add(item('a1'));
  outbox.add(item('a2'));
  said();
  expect(outbox.answered('a1', problem('invalid'))).toEqual({ is: 'refused' });
  expect(kept.get('a1')?.state).toBe('refused');
  expect(said()).toEqual(['a2']);
  expect(outbox.takeBack('a1')?.text).toBe('a1');
  expect(outbox.of('c').map((it) => it.clientId)).toEqual(['a2']);
});

test('the update may come before the reply: one bubble either way', () => {
  const { outbox, said } = box();
  outbox.add(item('a1'));
  said();
  expect(outbox.seen('a1')).toBe(true);
  expect(outbox.answered('a1', null)).toEqual({ is: 'done' });
  expect(outbox.seen('a1')).toBe(false);
});

test('after a reload everything unanswered is said again, in the order of writing', () => {
  const { outbox, said } = box();
  outbox.restore([item('02', { state: 'asked' }), item('01', { state: 'asked' }), item('00', { state: 'refused' })]);
  expect(said()).toEqual(['01']);
  outbox.answered('01', null);
  expect(said()).toEqual(['02']);
});

test('a memo needs no seat', () => {
  const { outbox } = box();
  outbox.add(item('m', { kind: 'memo', epoch: 0 }));
  expect(outbox.take()[0]?.command).toEqual({ type: 'add_note', client_id: 'm', text: 'm' });
});
