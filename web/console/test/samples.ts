// Rows and messages for tests, with everything that a test does not care about.

import type { Conversation, Message, Problem, Seat } from '../src/core/protocol';

export const seat = (agent: string | null): Seat => ({ agent, epoch: 1, offer: null, away: null, claimable: false });

export const conversation = (change: Partial<Conversation> = {}): Conversation => ({
  id: 'c',
  window: 'w',
  inbox: 'i',
  channel: 'line',
  contact_point: { id: 'p', name: null, picture_url: null, blocked: false },
  contact: null,
  status: 'new',
  assignee: null,
  seat: null,
  former_holder: null,
  last_number: 1,
  waiting_to_send: 0,
  waiting_since: null,
  free_answer_until: null,
  subject: null,
  set_aside: false,
  position: 1,
  opened_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  ...change,
});

export const message = (number: number, change: Partial<Message> = {}): Message => ({
  id: `c-${number}`,
  number,
  direction: 'inbound',
  content: { type: 'text', text: `t${number}` },
  state: 'received',
  agent: null,
  client_id: null,
  at: '2026-01-01T00:00:00.000Z',
  ...change,
});

export const problem = (code: Problem['code'], more: Partial<Problem> = {}): Problem => ({
  type: `/api/problems#${code}`,
  title: code,
  status: 409,
  code,
  ...more,
});
