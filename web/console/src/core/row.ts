// How one event moves a row of the list: the table of docs/socket-protocol.md. Pure.

import type { Conversation, Event, EventOf } from './protocol';

const free = { seat: null, former_holder: null } as const;

/** The row that begins with a customer's first message. */
export const begin = (event: EventOf<'opened'>, window: string, position: number, at: string): Conversation => ({
  id: event.conversation,
  window,
  inbox: event.inbox,
  channel: event.channel,
  contact_point: event.contact_point,
  contact: null,
  status: 'new',
  assignee: null,
  ...free,
  last_number: 0,
  waiting_to_send: 0,
  waiting_since: null,
  free_answer_until: null,
  subject: null,
  set_aside: false,
  position,
  opened_at: at,
  updated_at: at,
});

/** A moment moved by so much. */
export const later = (at: string, byMs: number): string => new Date(Date.parse(at) + byMs).toISOString();

/** The row after the event; the same object where nothing changes. `budgetMs` is the window's `reply_budget_ms`. */
export function moveRow(row: Conversation, event: Event, budgetMs: number): Conversation {
  switch (event.type) {
    case 'received':
      return {
        ...row,
        free_answer_until: event.free_answer ? later(event.received_at, budgetMs) : row.free_answer_until,
        last_number: Math.max(row.last_number, event.message.number),
        waiting_since: row.waiting_since ?? event.received_at,
      };
    case 'reopened':
      return { ...row, status: 'new', ...free };
    case 'claimed':
      return {
        ...row,
        status: 'in_progress',
        former_holder: null,
        seat: { agent: event.agent, epoch: event.epoch, offer: null, away: null, claimable: false },
      };
    case 'released':
      return { ...row, status: 'new', seat: null, former_holder: event.cause === 'returned' ? null : event.agent };
    case 'completed':
    case 'ended':
      return { ...row, status: 'done', ...free, waiting_since: null };
    case 'handover_offered':
      return row.seat ? { ...row, seat: { ...row.seat, offer: event.offer } } : row;
    case 'handover_ended':
      return row.seat ? { ...row, seat: { ...row.seat, offer: null } } : row;
    case 'assigned':
      return { ...row, assignee: event.assignee };
    case 'queued':
      return {
        ...row,
        last_number: Math.max(row.last_number, event.message.number),
        waiting_to_send: row.waiting_to_send + 1,
        waiting_since: event.message.agent === null ? row.waiting_since : null,
      };
    case 'sent':
    case 'failed':
    case 'unknown':
    case 'cancelled':
    case 'lapsed':
      return { ...row, waiting_to_send: row.waiting_to_send - 1 };
    case 'note_added':
      return { ...row, last_number: Math.max(row.last_number, event.message.number) };
    case 'holder_away':
      return row.seat ? { ...row, seat: { ...row.seat, away: event.away } } : row;
    case 'holder_returned':
      return row.seat ? { ...row, seat: { ...row.seat, away: null, claimable: false } } : row;
    case 'seat_claimable':
      return row.seat ? { ...row, seat: { ...row.seat, claimable: true } } : row;
    case 'name_seen':
      return { ...row, contact_point: { ...row.contact_point, name: event.name } };
    case 'picture_seen':
      return { ...row, contact_point: { ...row.contact_point, picture_url: event.picture_url } };
    case 'followed':
      return {
        ...row,
        contact_point: { ...row.contact_point, blocked: false },
        free_answer_until: event.free_answer ? later(event.received_at, budgetMs) : row.free_answer_until,
      };
    case 'unfollowed':
      return { ...row, contact_point: { ...row.contact_point, blocked: true } };
    case 'send_started':
      return event.free ? { ...row, free_answer_until: null } : row;
    case 'free_answer_back':
      return { ...row, free_answer_until: row.free_answer_until ?? later(event.received_at, budgetMs) };
    case 'set_aside':
      return { ...row, set_aside: true };
    case 'taken_back':
      return { ...row, set_aside: false };
    case 'bot_seated':
      return {
        ...row,
        status: 'in_progress',
        former_holder: null,
        seat: { agent: null, epoch: event.epoch, offer: null, away: null, claimable: false },
      };
    case 'bot_released':
      return { ...row, status: 'new', ...free };
    case 'bot_completed':
      return { ...row, status: 'done', ...free, waiting_since: null };
    case 'subject_seen':
      return { ...row, subject: event.subject };
    default:
      return row;
  }
}
