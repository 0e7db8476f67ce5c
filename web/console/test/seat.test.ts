// The main button and the composer, one line for each row of the matrix.

import { describe, expect, test } from 'vitest';
import type { Conversation, Me, Role, Seat } from '../src/core/protocol';
import { desk } from '../src/core/seat';
import { conversation, seat } from './samples';

const me = (role: Role = 'agent', member = true): Me => ({
  agent: { id: 'me', login: 'me', name: '私', role, disabled: false, created_at: '', icon_url: null },
  windows: [{ id: 'w', name: '窓口', member }],
});
const held = (by: string | null, more: Partial<Seat> = {}): Partial<Conversation> => ({
  status: 'in_progress',
  seat: { ...seat(by), ...more },
});
const offer = (from: string, to: string) => ({ from, to, expires_at: '2026-01-01T00:01:00Z', note: null });

describe('what the main button is, and why the composer is closed', () => {
  test.each([
    ['new and free', {}, me(), 'start', 'start_first', true],
    ['new, fallen free from somebody', { former_holder: 'sato' }, me(), 'start', 'start_first', true],
    ['held by me', held('me'), me(), 'complete', null, true],
    ['held by a colleague', held('sato'), me(), 'held', 'held', true],
    ['held by a bot: anybody may take it', held(null), me(), 'take', 'held', true],
    ['held by a bot, seen from outside', held(null), me('agent', false), 'held', 'held', false],
    ['held, seen by a supervisor', held('sato'), me('supervisor'), 'held', 'held', true],
    ['offered to me', held('sato', { offer: offer('sato', 'me') }), me(), 'offered', 'offered', true],
    ['offered to another', held('sato', { offer: offer('sato', 'ito') }), me(), 'held', 'held', true],
    ['away too long', held('sato', { claimable: true }), me(), 'start', 'start_first', true],
    ['done', { status: 'done' }, me(), 'resume', 'done', true],
    ['set aside', { set_aside: true }, me(), 'none', 'set_aside', false],
    ['not my window', {}, me('supervisor', false), 'none', 'not_a_member', false],
    ['not my window, taken over', held('me'), me('supervisor', false), 'complete', null, true],
  ] as const)('%s', (_, change, who, main, closed, memo) => {
    const shown = desk(conversation(change as Partial<Conversation>), who);
    expect([shown.main.is, shown.replyClosed, shown.mayMemo]).toEqual([main, closed, memo]);
  });

  test('only a supervisor may take over, and only the giver sees an offer as waiting', () => {
    const take = (who: Me) => desk(conversation(held('sato')), who).main;
    expect(take(me())).toMatchObject({ mayTakeOver: false, holder: 'sato' });
    expect(take(me('supervisor'))).toMatchObject({ mayTakeOver: true });
    expect(desk(conversation(held('me', { offer: offer('me', 'ito') })), me()).offering).toMatchObject({ to: 'ito' });
    expect(desk(conversation(held('sato', { offer: offer('sato', 'ito') })), me()).offering).toBeNull();
  });
});
