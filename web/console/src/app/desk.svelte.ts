// The desk: holds the state, the line and the outbox, and does what the person wishes. The only place where the
// framework-free core meets the browser. Components read `desk.state` after `desk.version`.

import { flushSync } from 'svelte';
import type { CommandDone, Conversation, Items, Me, Problem, ServerFrame, WindowMember } from '../core/protocol';
import { awaitRow, type Effect, type Notice, reduce, setMembers, takeRow } from '../core/reduce';
import { Line, type LineState, type Wire } from '../core/socket';
import { empty, type State } from '../core/state';
import { Accounts } from './accounts.svelte';
import { attention } from './attention.svelte';
import { Drafts } from './drafts.svelte';
import * as keep from './keep';
import { Marks } from './marks';
import { PAGE, Pages } from './pages.svelte';
import { Parcels } from './parcels.svelte';
import { ask, Refused } from './rest';
import { route } from './route.svelte';
import { Sending } from './sending';
import { settings } from './settings.svelte';
import { Wishes } from './wishes.svelte';

const WATCH_AGAIN_MS = 1_000;
/** Between two looks of the components at what changed. */
const OFTEN_MS = 8;
const SELDOM_MS = 250;
/** Changes of one moment are told once. */
const TELL_MS = 150;

export type Session = 'checking' | 'out' | 'in' | 'expired';

export class Desk {
  version = $state(0);
  session = $state<Session>('checking');
  link = $state<{ state: LineState['is']; since: number; going: boolean }>({
    state: 'connecting',
    since: Date.now(),
    going: false,
  });
  now = $state(Date.now());
  /** The server has another console than this one. */
  outdated = $state(false);

  state: State = empty();
  drafts = new Drafts(() => this.touch());
  marks = new Marks();
  parcels = new Parcels();
  accounts = new Accounts();
  pages = new Pages(this);
  wishes = new Wishes(this);
  sending = new Sending(this);

  readonly line: Line;
  private watching = new Set<string>();
  private touched = false;
  private costMs = 0;
  private edition: string | null = null;
  private typedAt = 0;
  private looked = { conversation: '', at: 0 };
  /** Up to where the server has been told that it was read, while one held the seat. */
  private saidRead = new Map<string, number>();
  private checking = false;
  private lastWindow = '';
  private tellers = new Set<() => void>();
  private telling = 0;
  private mood: 'available' | 'away' | 'wrap_up' | null = null;

  constructor() {
    this.line = new Line({
      connect: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/socket`) as unknown as Wire,
      timers: {
        now: () => Date.now(),
        after: (ms, then) => window.setTimeout(then, ms),
        cancel: (timer) => window.clearTimeout(timer),
      },
      random: Math.random,
      onFrame: (frame) => this.take(frame),
      onState: (state) => this.linkIs(state),
    });
    setInterval(() => {
      this.now = Date.now();
      this.looking();
    }, 1_000);
    addEventListener('online', () => this.line.hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.line.hurry();
    });
    setInterval(() => this.remind(), 30_000);
  }

  // --- Who and where -------------------------------------------------------------------------------------------

  get me(): Me | null {
    return this.state.me;
  }

  get my(): string {
    return this.state.me?.agent.id ?? '';
  }

  name(agent: string | null): string {
    if (agent === null) return settings.t.line.bot;
    return this.state.names.get(agent) ?? settings.t.line.somebody;
  }

  /** What the window's bot is called; its word where it is gone. */
  bot(window: string): string {
    return this.state.windows.get(window)?.bot?.name ?? settings.t.line.bot;
  }

  customer(row: Conversation): string {
    return row.contact?.name ?? row.contact_point.name ?? settings.t.list.unnamed(row.contact_point.id.slice(-4));
  }

  /** What the picture of a customer is made of; nobody should look like everybody else. */
  face(row: Conversation): string {
    return row.contact?.name ?? row.contact_point.name ?? row.contact_point.id.slice(-4);
  }

  async start() {
    try {
      await this.enter(await ask<Me>('GET', '/session'));
    } catch (error) {
      this.session = 'out';
      if (!(error instanceof Refused)) attention.toast(settings.t.login.failed, 'alarm');
    }
  }

  async logIn(login: string, password: string) {
    const me = await ask<Me>('POST', '/session', { login, password });
    if (this.state.me && this.state.me.agent.id !== me.agent.id) {
      location.assign('/');
      return;
    }
    await this.enter(me);
  }

  async logOut() {
    await ask('DELETE', '/session').catch(() => null);
    this.line.close();
    await keep.wipe();
    location.assign('/');
  }

  private async enter(me: Me) {
    reduce(this.state, { type: 'me', ...me }, Date.now());
    if (this.session !== 'expired') {
      const [items] = await Promise.all([
        keep.loadItems(this.my),
        this.drafts.load(this.my),
        this.parcels.load(this.my),
      ]);
      this.sending.outbox.restore(items);
      this.marks.load(this.my);
    }
    this.session = 'in';
    this.settle();
    this.line.open();
  }

  /** The address names a window that is one's own; else the first one. */
  private settle() {
    const windows = this.state.me?.windows ?? [];
    const { window, conversation, admin } = route.place;
    if (admin !== null) return this.touch();
    if (window && windows.some((it) => it.id === window)) {
      if (conversation) this.load(conversation);
    } else {
      const first = windows.find((it) => it.member) ?? windows[0];
      route.go(first?.id ?? null, null, true);
    }
    this.touch();
  }

  // --- The line ------------------------------------------------------------------------------------------------

  private linkIs(state: LineState) {
    const was = this.link.state;
    if (state.is !== 'connecting' && state.is !== was) {
      const since = was === 'open' || state.is === 'open' ? Date.now() : this.link.since;
      this.link = { state: state.is, since, going: state.is === 'waiting' && this.link.going };
    }
    if (state.is === 'open' || state.is === 'connecting') return;
    this.watching.clear();
    this.sending.outbox.lineLost();
    this.wishes.lineLost();
    if (state.is === 'ended' && state.code === 4500) this.session = 'expired';
    if (state.is === 'waiting' && !state.opened) void this.checkSession();
    this.touch();
  }

  /** A refused handshake tells a page nothing; the session route does. */
  private async checkSession() {
    if (this.checking) return;
    this.checking = true;
    try {
      await ask('GET', '/session');
    } catch (error) {
      if (error instanceof Refused && error.problem.code === 'unauthenticated') {
        this.line.close();
        this.session = 'expired';
      }
    } finally {
      this.checking = false;
    }
  }

  private take(frame: ServerFrame) {
    const { effects, notices } = reduce(this.state, frame, Date.now());
    if (frame.type === 'going') this.link = { ...this.link, going: true };
    if (frame.type === 'me') this.arrived();
    if (frame.type === 'reply') this.replied(frame.ref, frame.ok ?? null, frame.problem ?? null);
    if (frame.type === 'unwatched') this.unwatched(frame.window, frame.problem ?? null);
    this.changed(frame);
    for (const effect of effects) void this.carryOut(effect);
    for (const notice of notices) this.noticed(notice);
    this.touch();
  }

  private replied(ref: string, done: CommandDone | null, problem: Problem | null) {
    if (!this.wishes.replied(ref, done, problem)) this.sending.replied(ref, done, problem);
  }

  /** `me` is the first thing after `hello`: from here on the line can be used. */
  private arrived() {
    this.link = { ...this.link, going: false };
    void this.compareEdition();
    this.settle();
    for (const window of this.state.me?.windows ?? []) {
      if (window.member || window.id === route.place.window) this.watch(window.id);
    }
    if (this.mood) this.line.say({ type: 'presence', state: this.mood });
    for (const [conversation, awaited] of this.state.awaited) {
      void this.carryOut({ type: 'row', conversation, window: awaited.window, generation: awaited.generation });
    }
    this.sending.flush();
  }

  /** A server that came back may have brought a newer console. */
  private async compareEdition() {
    const response = await fetch('/', { method: 'HEAD', cache: 'no-store' }).catch(() => null);
    const edition = response?.headers.get('etag') ?? null;
    if (this.edition !== null && edition !== null && edition !== this.edition) this.outdated = true;
    this.edition ??= edition;
  }

  watch(id: string) {
    if (this.watching.has(id) || this.link.state !== 'open') return;
    const place = this.state.windows.get(id)?.place;
    if (this.line.say({ type: 'watch', window: id, ...(place ?? {}) })) this.watching.add(id);
  }

  private unwatched(id: string, problem: Problem | null) {
    this.watching.delete(id);
    if (problem?.code === 'catching_up') setTimeout(() => this.watch(id), WATCH_AGAIN_MS);
  }

  private async carryOut(effect: Effect) {
    switch (effect.type) {
      case 'watch':
        this.line.say({ type: 'watch', window: effect.window, ...(effect.place ?? {}) });
        break;
      case 'row':
        await this.fetchRow(effect.conversation, effect.generation);
        break;
      case 'members': {
        const page = await ask<Items<WindowMember>>('GET', `/windows/${effect.window}/agents`).catch(() => null);
        if (page) setMembers(this.state, effect.window, page.items);
        break;
      }
      case 'rebuilt':
        this.rebuilt(effect.window, effect.again);
        break;
    }
    this.touch();
  }

  private async fetchRow(conversation: string, generation: number) {
    try {
      const row = await ask<Conversation>('GET', `/conversations/${conversation}`);
      takeRow(this.state, conversation, row, generation);
    } catch (error) {
      // Without an answer the question stays open and is asked again when the line is back.
      if (!(error instanceof Refused)) return;
      takeRow(this.state, conversation, null, generation);
      if (conversation === route.place.conversation) this.pages.failed = conversation;
    }
  }

  private rebuilt(window: string, again: boolean) {
    const open = route.place.conversation;
    for (const [id, thread] of this.state.threads) {
      if (thread.window === window && thread.stale && id !== open) this.state.threads.delete(id);
    }
    for (const key of Object.keys(this.pages.more)) if (key.startsWith(`${window}/`)) delete this.pages.more[key];
    if (open && route.place.window === window) this.load(open);
    if (again) attention.toast(settings.t.notice.rebuilt);
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  /** Back to the desk: the window that was looked at last, else the first one. */
  home() {
    const windows = this.state.me?.windows ?? [];
    const found = windows.find((it) => it.id === this.lastWindow) ?? windows.find((it) => it.member) ?? windows[0];
    route.go(found?.id ?? null);
    if (found) this.watch(found.id);
    this.touch();
  }

  /** Tells when something happened that is not of one conversation: people, windows and their settings. */
  onChange(tell: () => void): () => void {
    this.tellers.add(tell);
    return () => this.tellers.delete(tell);
  }

  private changed(frame: ServerFrame) {
    const isAbout = frame.type === 'update' && frame.events.some((event) => !('conversation' in event));
    if ((!isAbout && frame.type !== 'me') || this.tellers.size === 0) return;
    clearTimeout(this.telling);
    this.telling = window.setTimeout(() => {
      for (const tell of this.tellers) tell();
    }, TELL_MS);
  }

  /** Shows a conversation. */
  show(window: string, conversation: string | null) {
    route.go(window, conversation);
    this.lastWindow = window;
    this.watch(window);
    if (conversation) this.load(conversation);
    this.touch();
  }

  /** Sees to it that row and thread are there. */
  load(conversation: string) {
    const { window } = route.place;
    if (!window) return;
    this.pages.failed = null;
    if (!this.state.rows.has(conversation) && !this.state.awaited.has(conversation)) {
      void this.carryOut(awaitRow(this.state, conversation, window));
    }
    const thread = this.state.threads.get(conversation);
    if (thread?.ready && !thread.stale) {
      this.state.threads.delete(conversation);
      this.state.threads.set(conversation, thread);
    } else {
      void this.pages.page(conversation, window, null, PAGE);
    }
  }

  unread(row: Conversation): number {
    const mark = this.marks.of(row.id);
    const messages = this.state.threads.get(row.id)?.messages;
    if (!messages || messages.length === 0) return row.waiting_since !== null && row.last_number > (mark ?? 0) ? 1 : 0;
    const from = mark ?? messages.findLast((it) => it.direction === 'outbound' && it.agent !== null)?.number ?? 0;
    return messages.filter((it) => it.direction === 'inbound' && it.number > from && !it.taken_back).length;
  }

  /** Whether somebody still has to be told that this was seen: oneself, or the customer whose seat one holds. */
  isUnseen(row: Conversation, number: number): boolean {
    if ((this.marks.of(row.id) ?? -1) < number) return true;
    return row.seat?.agent === this.my && (this.saidRead.get(row.id) ?? -1) < number;
  }

  /** The person has really looked at the thread up to here. */
  seen(row: Conversation, number: number) {
    if ((this.marks.of(row.id) ?? -1) < number) this.marks.set(row.id, number);
    if (row.seat?.agent === this.my && (this.saidRead.get(row.id) ?? -1) < number) {
      if (this.line.say({ type: 'read', conversation: row.id, number })) this.saidRead.set(row.id, number);
    }
    this.touch();
  }

  markUnread(row: Conversation) {
    const last = this.state.threads.get(row.id)?.messages.findLast((it) => it.direction === 'inbound');
    this.marks.set(row.id, (last?.number ?? row.last_number) - 1);
    attention.toast(settings.t.notice.markedUnread);
    route.go(row.window, null);
    this.touch();
  }

  setMood(mood: 'available' | 'away' | 'wrap_up') {
    this.mood = mood;
    this.line.say({ type: 'presence', state: mood });
    this.state.presence.set(this.my, mood);
    this.touch();
  }

  typing(conversation: string) {
    const now = Date.now();
    if (now - this.typedAt < this.state.typingMs / 2) return;
    if (this.line.say({ type: 'typing', conversation })) this.typedAt = now;
  }

  /** Colleagues are told what is before one's eyes, again before they forget it. */
  private looking() {
    const { conversation } = route.place;
    if (!conversation || document.visibilityState !== 'visible' || this.link.state !== 'open') return;
    const { looked, now } = this;
    if (looked.conversation === conversation && now - looked.at < this.state.viewingMs * 0.4) return;
    if (this.line.say({ type: 'viewing', conversation })) this.looked = { conversation, at: now };
  }

  /** Colleagues who have a conversation before their eyes, and which of them write. */
  others(conversation: string): { agent: string; name: string; writes: boolean }[] {
    const { now, my, state } = this;
    const found = new Map<string, boolean>();
    for (const [agent, it] of state.viewing)
      if (it.conversation === conversation && it.until > now) found.set(agent, false);
    for (const [agent, until] of state.typing.get(conversation) ?? []) if (until > now) found.set(agent, true);
    found.delete(my);
    return [...found].map(([agent, writes]) => ({ agent, name: this.name(agent), writes }));
  }

  // --- Telling -------------------------------------------------------------------------------------------------

  private noticed({ window, event }: Notice) {
    const { t, values } = settings;
    if (event.type === 'queued' || event.type === 'note_added') this.sending.settleSent([event.message]);
    if (!('conversation' in event)) return;
    // Only what goes out before one's eyes is counted at once; all the rest may wait its minute.
    if (event.type === 'sent' && event.conversation === route.place.conversation) this.accounts.moved(window);
    const row = this.state.rows.get(event.conversation);
    const open = () => this.show(window, event.conversation);
    const told = (text: string) => ({ text, window, conversation: event.conversation });
    if (event.type === 'handover_offered' && event.offer.to === this.my) {
      attention.tell(told(t.notice.offer(this.name(event.offer.from))), 'ring', open);
    } else if (event.type === 'failed' && row?.seat?.agent === this.my) {
      attention.toast(t.notice.failed, 'alarm', { label: t.offer.open, run: open });
    } else if (event.type === 'received' && row && values.rule !== 'none') {
      const mine = row.assignee === this.my || row.seat?.agent === this.my;
      const others = row.seat !== null && !mine;
      const looking = attention.isLooking && route.place.conversation === row.id;
      if (looking || others || (values.rule === 'mine' && !mine)) return;
      const text = row.status === 'new' ? t.notice.newConversation : t.notice.message;
      attention.tell(told(text(this.customer(row))), 'soft', open);
    }
  }

  private remind() {
    if (!settings.values.repeat || this.session !== 'in') return;
    for (const row of this.state.rows.values()) {
      if (row.status === 'new' && this.state.windows.get(row.window)?.member) return attention.noise('soft');
    }
  }

  /** Something changed: components look again soon, and the less often the longer looking takes. */
  touch() {
    if (this.touched) return;
    this.touched = true;
    setTimeout(
      () => {
        this.touched = false;
        const begun = performance.now();
        flushSync(() => {
          this.version += 1;
        });
        this.costMs = performance.now() - begun;
      },
      Math.min(SELDOM_MS, Math.max(OFTEN_MS, this.costMs * 3)),
    );
  }
}

export const desk = new Desk();
