// A server in one file, for tests of the reducer: a window that changes by chance, its snapshots, its stream, and the
// answers to REST. It moves its rows by code of its own, so that reducer and model check each other.

import type { Conversation, Event, Frame, Message } from '../src/core/protocol';
import { botStep, changeWindow, giveUp, moveCopies, seeCustomer, type WindowLooks } from './more';

/** Small numbers from a seed (mulberry32). */
export function chance(seed: number) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (n: number) => Math.floor(next() * n), yes: (p: number) => next() < p };
}
export type Chance = ReturnType<typeof chance>;

const AGENTS = ['hanako', 'taro', 'jiro'];
const copy = <T>(value: T): T => structuredClone(value);

export class Model {
  position = 1;
  stream = 'stream-1';
  rows = new Map<string, Conversation>();
  messages = new Map<string, Message[]>();
  log: Frame<'update'>[] = [];
  rawWaiting = 0;
  settings = {
    handover_timeout_ms: 60_000,
    seat_claimable_ms: 120_000,
    seat_expiry_ms: 900_000,
    auto_close_ms: 0,
    reply_budget_ms: 50_000,
  };
  looks: WindowLooks = { name: '窓口', places: 5, description: '', picture: null, bot: null };
  private minutes = 0;

  constructor(private readonly dice: Chance) {}

  snapshot(): Frame<'snapshot'> {
    const open = [...this.rows.values()].filter((row) => row.status !== 'done');
    return copy({
      type: 'snapshot',
      window: 'w',
      stream: this.stream,
      position: this.position,
      ...this.looks,
      settings: this.settings,
      agents: [],
      raw_waiting: this.rawWaiting,
      conversations: open,
      open_total: open.length,
      opening: { state: 'open', next_change_at: null, opens_at: null },
    });
  }

  /** What a watch from this place brings. */
  resume(place: { stream: string; position: number } | null): (Frame<'snapshot'> | Frame<'update'>)[] {
    const first = this.log[0]?.position ?? this.position + 1;
    if (!place || place.stream !== this.stream || place.position + 1 < first) return [this.snapshot()];
    return copy(this.log.filter((update) => update.position > place.position));
  }

  /** The log is shortened: who is behind it gets a snapshot. */
  forget() {
    this.log = [];
  }

  /** Another stream with the same content, as after a restore. */
  restore() {
    this.stream = `${this.stream}'`;
    this.log = [];
  }

  row(id: string): Conversation | null {
    return copy(this.rows.get(id) ?? null);
  }

  page(id: string, before: number | null, limit: number): { items: Message[]; next_cursor: null } {
    const all = (this.messages.get(id) ?? []).filter((it) => before === null || it.number < before);
    return copy({ items: all.slice(-limit), next_cursor: null });
  }

  /** One record: one to three things that happen to one conversation, or to the window. */
  step(): Frame<'update'> {
    this.position += 1;
    this.minutes += 1;
    const at = new Date(Date.UTC(2026, 0, 1) + this.minutes * 60_000).toISOString();
    const events: Event[] = [];
    if (this.dice.yes(0.08)) {
      this.windowStep(events);
    } else {
      const ids = [...this.rows.keys()];
      const fresh = ids.length === 0 || (ids.length < 8 && this.dice.yes(0.15));
      const id = fresh ? `c${ids.length}` : (ids[this.dice.below(ids.length)] ?? 'c0');
      const times = 1 + this.dice.below(3);
      for (let i = 0; i < times; i++) this.conversationStep(id, at, events);
      const row = this.rows.get(id);
      if (row) Object.assign(row, { position: this.position, updated_at: at });
    }
    const update: Frame<'update'> = {
      type: 'update',
      window: 'w',
      stream: this.stream,
      position: this.position,
      at,
      events,
    };
    this.log.push(copy(update));
    return copy(update);
  }

  private windowStep(events: Event[]) {
    const what = this.dice.below(5);
    if (what > 2) {
      events.push(changeWindow(this.looks, this.dice, this.position));
    } else if (what === 0) {
      this.rawWaiting += 1;
      events.push({ type: 'raw_accepted', raw: 'r', inbox: 'i', received_at: '', reason: 'busy' });
    } else if (what === 1 && this.rawWaiting > 0) {
      this.rawWaiting -= 1;
      events.push({ type: 'raw_settled', raw: 'r', how: 'interpreted' });
    } else {
      this.settings = { ...this.settings, auto_close_ms: this.settings.auto_close_ms + 1 };
      events.push({ type: 'settings_changed', settings: this.settings });
    }
  }

  private conversationStep(conversation: string, at: string, events: Event[]) {
    let row = this.rows.get(conversation);
    if (!row) {
      const contact_point = { id: `p-${conversation}`, name: null, picture_url: null, blocked: false };
      events.push({ type: 'opened', conversation, inbox: 'i', channel: 'line', contact_point });
      row = {
        id: conversation,
        window: 'w',
        inbox: 'i',
        channel: 'line',
        contact_point: { ...contact_point },
        contact: null,
        status: 'new',
        assignee: null,
        seat: null,
        former_holder: null,
        last_number: 0,
        waiting_to_send: 0,
        waiting_since: null,
        free_answer_until: null,
        subject: null,
        set_aside: false,
        position: this.position,
        opened_at: at,
        updated_at: at,
      };
      this.rows.set(conversation, row);
      this.messages.set(conversation, []);
    }
    const bots = this.dice.yes(0.1) ? botStep(row, this.dice, this.position) : null;
    if (bots) events.push(bots);
    else if (this.dice.yes(0.06)) {
      events.push(seeCustomer(row, this.dice, at, this.settings.reply_budget_ms, this.position));
    } else this.seatStep(row, at, events) || this.messageStep(row, at, events);
  }

  private seatStep(row: Conversation, at: string, events: Event[]): boolean {
    const conversation = row.id;
    const agent = AGENTS[this.dice.below(AGENTS.length)] ?? 'hanako';
    const draw = this.dice.below(20);
    if (draw === 0) {
      row.assignee = this.dice.yes(0.3) ? null : agent;
      events.push({ type: 'assigned', conversation, assignee: row.assignee, by: agent });
    } else if (draw === 1) {
      row.contact_point.name = `名${this.dice.below(99)}`;
      events.push({ type: 'name_seen', conversation, name: row.contact_point.name });
    } else if (draw === 2) {
      row.set_aside = !row.set_aside;
      events.push(
        row.set_aside ? { type: 'set_aside', conversation } : { type: 'taken_back', conversation, by: agent },
      );
    } else if (draw < 7 && !row.seat) {
      const how = row.status === 'done' ? ({ type: 'resumed' } as const) : ({ type: 'started' } as const);
      row.seat = { agent, epoch: this.position, offer: null, away: null, claimable: false };
      row.status = 'in_progress';
      row.former_holder = null;
      events.push({ type: 'claimed', conversation, agent, epoch: this.position, how });
    } else if (draw < 12 && row.seat?.agent) {
      this.heldStep(row, row.seat, agent, at, events);
    } else {
      return false;
    }
    return true;
  }

  private heldStep(
    row: Conversation,
    seat: NonNullable<Conversation['seat']>,
    agent: string,
    at: string,
    events: Event[],
  ) {
    const conversation = row.id;
    const holder = seat.agent ?? agent;
    switch (this.dice.below(7)) {
      case 0: {
        const cause = this.dice.yes(0.5) ? 'returned' : 'away';
        Object.assign(row, { status: 'new', seat: null, former_holder: cause === 'returned' ? null : holder });
        events.push({ type: 'released', conversation, agent: holder, cause });
        break;
      }
      case 1:
        Object.assign(row, { status: 'done', seat: null, former_holder: null, waiting_since: null });
        if (this.dice.yes(0.3)) events.push({ type: 'ended', conversation, how: 'silence' });
        else events.push({ type: 'completed', conversation, by: holder });
        break;
      case 2:
        seat.offer = { from: holder, to: agent, expires_at: at, note: null };
        events.push({ type: 'handover_offered', conversation, offer: { ...seat.offer } });
        break;
      case 3:
        seat.offer = null;
        events.push({ type: 'handover_ended', conversation, how: 'declined' });
        break;
      case 4:
        seat.away = { since: at, claimable_at: at, expires_at: at };
        events.push({ type: 'holder_away', conversation, away: { ...seat.away } });
        break;
      case 5:
        seat.away = null;
        seat.claimable = false;
        events.push({ type: 'holder_returned', conversation });
        break;
      default:
        seat.claimable = true;
        events.push({ type: 'seat_claimable', conversation });
    }
  }

  private messageStep(row: Conversation, at: string, events: Event[]) {
    const conversation = row.id;
    const messages = this.messages.get(conversation) ?? [];
    const write = (direction: Message['direction'], state: Message['state'], agent: string | null): Message => {
      row.last_number += 1;
      const number = row.last_number;
      const message: Message = {
        id: `${conversation}-${number}`,
        number,
        direction,
        content:
          direction === 'inbound' && this.dice.yes(0.3)
            ? { type: 'image', file: null }
            : { type: 'text', text: `t${number}` },
        state,
        agent,
        client_id: agent && `k${number}`,
        at,
      };
      messages.push(message);
      return copy(message);
    };
    const old = messages[this.dice.below(Math.max(1, messages.length))];
    const draw = this.dice.below(10);
    if (old && draw < 5 && this.changeStep(row, old, events)) return;
    if (draw < 8) {
      if (row.status === 'done') {
        Object.assign(row, { status: 'new', seat: null, former_holder: null });
        events.push({ type: 'reopened', conversation });
      }
      row.waiting_since ??= at;
      const message = write('inbound', 'received', null);
      if (this.dice.yes(0.3)) {
        events.push({ type: 'received', conversation, message, received_at: at });
      } else {
        row.free_answer_until = this.freeUntil(at);
        events.push({ type: 'received', conversation, message, received_at: at, free_answer: true });
      }
    } else if (draw === 8) {
      const isBots = row.seat !== null && row.seat.agent === null;
      row.waiting_to_send += 1;
      // Whom only a bot answered still waits for people.
      if (!isBots) row.waiting_since = null;
      const message = write('outbound', 'queued', isBots ? null : 'hanako');
      if (isBots) Object.assign(messages.at(-1) ?? {}, { bot: true });
      events.push({ type: 'queued', conversation, message: isBots ? { ...message, bot: true } : message });
    } else {
      events.push({ type: 'note_added', conversation, message: write('note', null, 'taro') });
    }
  }

  private changeStep(row: Conversation, old: Message, events: Event[]): boolean {
    const conversation = row.id;
    const { number } = old;
    const redacted = { type: 'redacted' } as const;
    if (old.content.type === 'image' && old.content.file === null && this.dice.yes(0.8)) {
      this.mediaStep(old, old.content, conversation, events);
    } else if (old.direction === 'inbound' && old.content.type === 'text' && this.dice.yes(0.3)) {
      Object.assign(old, { edited: true, content: { type: 'text', text: `r${this.position}` } });
      events.push({ type: 'edited', conversation, number, content: copy(old.content) });
    } else if (old.direction === 'inbound' && !old.taken_back) {
      Object.assign(old, { taken_back: true, content: redacted });
      events.push({ type: 'unsent', conversation, number });
    } else if (old.direction === 'note' && !old.deleted) {
      if (this.dice.yes(0.5)) {
        Object.assign(old, { deleted: true, content: redacted });
        events.push({ type: 'note_deleted', conversation, number });
      } else {
        Object.assign(old, { edited: true, content: { type: 'text', text: `e${this.position}` } });
        events.push({ type: 'note_edited', conversation, number, content: copy(old.content) });
      }
    } else if (old.direction === 'outbound' && this.dice.yes(0.2)) {
      events.push(moveCopies(conversation, old, this.dice));
    } else if ((old.state === 'queued' || old.state === 'unsent') && this.dice.yes(0.1)) {
      events.push(giveUp(row, old, this.dice));
    } else if (old.state === 'queued' || old.state === 'unsent') {
      if (this.dice.yes(0.2)) {
        old.state = 'unsent';
        events.push({ type: 'held_back', conversation, number });
        return true;
      }
      const free = row.free_answer_until !== null;
      old.state = 'sending';
      row.free_answer_until = null;
      events.push({ type: 'send_started', conversation, number, free });
    } else if (old.state === 'sending') {
      this.endStep(row, old, events);
    } else {
      return false;
    }
    return true;
  }

  private mediaStep(
    old: Message,
    content: Extract<Message['content'], { type: 'image' }>,
    conversation: string,
    events: Event[],
  ) {
    const { number } = old;
    if (this.dice.yes(0.3)) {
      content.lost = 'gone';
      events.push({ type: 'media_lost', conversation, number, why: 'gone' });
      return;
    }
    delete content.lost;
    content.file = { id: `f${number}`, url: `/f${number}`, preview_url: null, mime: 'image/png', bytes: number };
    events.push({ type: 'media_stored', conversation, number, file: copy(content.file) });
  }

  private freeUntil(at: string): string {
    return new Date(Date.parse(at) + this.settings.reply_budget_ms).toISOString();
  }

  private endStep(row: Conversation, old: Message, events: Event[]) {
    const conversation = row.id;
    const { number } = old;
    const draw = this.dice.below(6);
    if (draw === 0) {
      old.state = 'queued';
      events.push({ type: 'send_abandoned', conversation, number });
      row.free_answer_until ??= this.freeUntil(old.at);
      events.push({ type: 'free_answer_back', conversation, received_at: old.at });
      return;
    }
    if (draw === 5) {
      old.state = 'unsent';
      events.push({ type: 'held_back', conversation, number });
      return;
    }
    row.waiting_to_send -= 1;
    if (draw === 1) {
      Object.assign(old, { state: 'failed', failure: { reason: 'quota_empty' } });
      events.push({ type: 'failed', conversation, number, failure: { reason: 'quota_empty' } });
    } else if (draw === 2) {
      old.state = 'unknown';
      events.push({ type: 'unknown', conversation, number });
    } else {
      old.state = 'sent';
      if (draw === 3) old.free = true;
      events.push({ type: 'sent', conversation, number, free: draw === 3 });
    }
  }
}
