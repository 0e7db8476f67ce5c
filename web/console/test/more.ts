// What mail, bots and platforms make of a conversation and of its window, drawn by chance. Each moves the row and its
// messages by code of its own, as `model.ts` does.

import type { Conversation, Event, Message } from '../src/core/protocol';
import type { Chance } from './model';

/** The parts of a window that administrators change. */
export type WindowLooks = {
  name: string;
  places: number;
  description: string;
  picture: { name: string; url: string } | null;
  bot: { name: string; inboxes: string[] } | null;
};

/** One change of the window's looks, or of its bot. */
export function changeWindow(looks: WindowLooks, dice: Chance, mark: number): Event {
  const draw = dice.below(3);
  if (draw === 0) {
    looks.bot = dice.yes(0.3) ? null : { name: `案内${mark}`, inboxes: dice.yes(0.5) ? [] : ['i'] };
    return { type: 'bot_changed', bot: looks.bot && { ...looks.bot } };
  }
  if (draw === 1) {
    looks.places = dice.yes(0.5) ? 30 : 100;
    return { type: 'places_changed', places: looks.places };
  }
  Object.assign(looks, {
    name: `窓口${mark}`,
    description: `説明${mark}`,
    picture: dice.yes(0.5) ? null : { name: 'a.png', url: `/p${mark}` },
  });
  const { name, description, picture } = looks;
  return { type: 'window_changed', name, description, picture: picture && { ...picture } };
}

/** What a platform says of its customer. */
export function seeCustomer(row: Conversation, dice: Chance, at: string, budgetMs: number, mark: number): Event {
  const conversation = row.id;
  switch (dice.below(4)) {
    case 0:
      row.subject = dice.yes(0.2) ? null : `件名${mark}`;
      return { type: 'subject_seen', conversation, subject: row.subject };
    case 1:
      row.contact_point.picture_url = dice.yes(0.3) ? null : `/face${mark}`;
      return { type: 'picture_seen', conversation, picture_url: row.contact_point.picture_url };
    case 2:
      row.contact_point.blocked = true;
      return { type: 'unfollowed', conversation };
    default: {
      row.contact_point.blocked = false;
      const free = dice.yes(0.5);
      if (free) row.free_answer_until = new Date(Date.parse(at) + budgetMs).toISOString();
      return {
        type: 'followed',
        conversation,
        unblocked: true,
        received_at: at,
        ...(free ? { free_answer: true as const } : {}),
      };
    }
  }
}

/** What the bot does in a conversation, or what is done to it; null where it has nothing to do with it. */
export function botStep(row: Conversation, dice: Chance, epoch: number): Event | null {
  const conversation = row.id;
  // A case that is done is opened again first.
  if (row.status === 'done') return null;
  if (row.seat === null || (row.seat.agent !== null && dice.yes(0.3))) {
    const draw = dice.below(3);
    row.seat = { agent: null, epoch, offer: null, away: null, claimable: false };
    Object.assign(row, { status: 'in_progress', former_holder: null });
    const how =
      draw === 0
        ? ({ type: 'started' } as const)
        : draw === 1
          ? ({ type: 'returned', from: 'taro', note: dice.yes(0.5) ? null : '確認済み' } as const)
          : ({ type: 'replayed', by: 'jiro' } as const);
    return { type: 'bot_seated', conversation, epoch, how };
  }
  if (row.seat.agent !== null) return null;
  if (dice.yes(0.3)) {
    Object.assign(row, { status: 'done', seat: null, former_holder: null, waiting_since: null });
    return { type: 'bot_completed', conversation };
  }
  Object.assign(row, { status: 'new', seat: null, former_holder: null });
  const causes = ['handed_over', 'timed_out', 'failed', 'behind', 'detached'] as const;
  return { type: 'bot_released', conversation, cause: causes[dice.below(causes.length)] ?? 'failed' };
}

/** The copies of an answer move on; those of a message that has none are made. */
export function moveCopies(conversation: string, old: Message, dice: Chance): Event {
  const states = ['queued', 'sending', 'delayed', 'sent', 'delivered', 'failed', 'unknown'] as const;
  old.copies = Array.from({ length: 1 + dice.below(3) }, (_, index) => {
    const state = states[dice.below(states.length)] ?? 'queued';
    const later = state === 'delayed' ? { next_at: '2026-01-01T00:00:00Z', code: 450, detail: 'later' } : {};
    return { to: `r${index}@example.jp`, state, tries: 1 + dice.below(3), ...later };
  });
  return { type: 'copies_changed', conversation, number: old.number, copies: structuredClone(old.copies) };
}

/** An answer that waits is called off, or waits no more. */
export function giveUp(row: Conversation, old: Message, dice: Chance): Event {
  old.state = 'cancelled';
  row.waiting_to_send -= 1;
  const { number } = old;
  return dice.yes(0.5)
    ? { type: 'cancelled', conversation: row.id, number, by: 'hanako' }
    : { type: 'lapsed', conversation: row.id, number };
}
