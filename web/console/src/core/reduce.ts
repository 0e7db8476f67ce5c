// The one way in which anything the server says becomes state. No IO and no clock: `now` is an argument, and what has
// to be asked of the server comes out as effects.

import type { CommandDone, Conversation, Event, EventOf, Frame, Items, Message, ServerFrame } from './protocol';
import { begin, later, moveRow } from './row';
import { type Awaited, newThread, type Place, type State, type Thread, type WindowState } from './state';
import { add, addLine, isLine, join, moveMessages } from './thread';

/** What must be asked of the server now. */
export type Effect =
  | { type: 'watch'; window: string; place: Place | null }
  | { type: 'row'; conversation: string; window: string; generation: number }
  | { type: 'members'; window: string }
  | { type: 'rebuilt'; window: string; again: boolean };

/** What happened, for sounds and notices. */
export type Notice = { window: string; at: string; event: Event };

export type Outcome = { effects: Effect[]; notices: Notice[] };

/** Takes one frame. Frames that this release does not know are left out. */
export function reduce(state: State, frame: ServerFrame, now: number): Outcome {
  const out: Outcome = { effects: [], notices: [] };
  state.heardAt = now;
  switch (frame.type) {
    case 'hello':
      state.skewMs = Date.parse(frame.at) - now;
      state.typingMs = frame.typing_ms;
      state.viewingMs = frame.viewing_ms;
      break;
    case 'me':
      takeMe(state, frame);
      break;
    case 'snapshot':
      takeSnapshot(state, frame, out);
      break;
    case 'update':
      takeUpdate(state, frame, out);
      break;
    case 'unwatched':
      takeUnwatched(state, frame);
      break;
    case 'reply':
      if (frame.ok) takeDone(state, frame.ok);
      break;
    case 'typing':
      for (const { conversation, agent } of frame.typing) {
        const writers = new Map(state.typing.get(conversation));
        state.typing.set(conversation, writers.set(agent, now + state.typingMs));
      }
      break;
    case 'viewing':
      // Nobody looks at two things: the latest counts, and who goes on is gone from where they were.
      for (const { conversation, agent } of frame.viewing) {
        state.viewing.set(agent, { conversation, until: now + state.viewingMs });
      }
      break;
    case 'presence':
      for (const { agent, state: how } of frame.agents) state.presence.set(agent, how);
      break;
    case 'counters':
      for (const window of frame.windows) state.counters.set(window.window, window);
      break;
    case 'accounts': {
      const known = state.windows.get(frame.window);
      const sendingHeld = frame.sending_held ?? false;
      if (known) state.windows.set(frame.window, { ...known, accounts: frame.accounts, sendingHeld });
      break;
    }
    case 'opening': {
      const known = state.windows.get(frame.window);
      if (known) state.windows.set(frame.window, { ...known, opening: frame.opening });
      break;
    }
    default:
      break;
  }
  return out;
}

function takeMe(state: State, { agent, windows }: Frame<'me'>) {
  state.me = { agent, windows };
  state.names.set(agent.id, agent.name);
  const mine = new Set(windows.map((window) => window.id));
  for (const id of state.windows.keys()) {
    if (mine.has(id)) continue;
    forget(state, id);
    state.windows.delete(id);
  }
  for (const { id, name, member } of windows) {
    const known = state.windows.get(id);
    state.windows.set(id, known ? { ...known, name, member } : newWindow(id, name, member));
  }
}

const newWindow = (id: string, name: string, member: boolean): WindowState => ({
  id,
  name,
  member,
  place: null,
  places: 0,
  description: '',
  picture: null,
  settings: null,
  agents: [],
  rawWaiting: 0,
  bot: null,
  accounts: [],
  sendingHeld: false,
  opening: null,
  openTotal: 0,
  generation: 0,
  refused: null,
});

/** Lets go of everything that belongs to a window. */
function forget(state: State, window: string) {
  for (const [id, row] of state.rows) {
    if (row.window !== window) continue;
    state.rows.delete(id);
    state.previews.delete(id);
  }
  for (const [id, thread] of state.threads) if (thread.window === window) state.threads.delete(id);
  dropLoads(state, window);
  for (const [id, awaited] of state.awaited) if (awaited.window === window) state.awaited.delete(id);
}

function dropLoads(state: State, window: string) {
  for (const [token, load] of state.loads) if (load.window === window) state.loads.delete(token);
}

function takeSnapshot(state: State, frame: Frame<'snapshot'>, out: Outcome) {
  const known = state.windows.get(frame.window);
  if (!known) return;
  const open = new Set(frame.conversations.map((row) => row.id));
  for (const [id, row] of state.rows) {
    if (row.window !== frame.window) continue;
    if (!open.has(id)) state.rows.delete(id);
    state.previews.delete(id);
  }
  for (const [id, thread] of state.threads) {
    if (thread.window === frame.window) state.threads.set(id, { ...thread, stale: true });
  }
  dropLoads(state, frame.window);
  for (const [id, awaited] of state.awaited) if (awaited.window === frame.window) state.awaited.delete(id);
  for (const row of frame.conversations) state.rows.set(row.id, row);
  setMembers(state, frame.window, frame.agents);
  for (const agent of frame.agents) state.presence.set(agent.id, agent.presence);
  state.windows.set(frame.window, {
    ...known,
    name: frame.name,
    places: frame.places,
    description: frame.description,
    picture: frame.picture,
    settings: frame.settings,
    agents: frame.agents,
    rawWaiting: frame.raw_waiting,
    bot: frame.bot,
    openTotal: frame.open_total,
    opening: frame.opening,
    place: { stream: frame.stream, position: frame.position },
    generation: known.generation + 1,
    refused: null,
  });
  out.effects.push({ type: 'rebuilt', window: frame.window, again: known.place !== null });
}

function takeUnwatched(state: State, frame: Frame<'unwatched'>) {
  const known = state.windows.get(frame.window);
  if (!known || !frame.problem) return;
  const comesBack = frame.problem.code === 'catching_up';
  if (comesBack) {
    state.windows.set(frame.window, { ...known, refused: frame.problem });
    return;
  }
  forget(state, frame.window);
  state.windows.set(frame.window, { ...known, refused: frame.problem, place: null, accounts: [], opening: null });
}

function takeUpdate(state: State, frame: Frame<'update'>, out: Outcome) {
  const window = state.windows.get(frame.window);
  if (!window?.place) return;
  const { stream, position } = window.place;
  if (frame.stream === stream && frame.position <= position) return;
  if (frame.stream !== stream || frame.position !== position + 1) {
    out.effects.push({ type: 'watch', window: frame.window, place: window.place });
    return;
  }
  state.windows.set(frame.window, { ...window, place: { stream, position: frame.position }, refused: null });
  const moved = new Map<string, Event[]>();
  for (const [index, event] of frame.events.entries()) {
    if ('conversation' in event) {
      const events = moved.get(event.conversation);
      if (events) events.push(event);
      else moved.set(event.conversation, [event]);
      moveThread(state, event, frame, index);
      moveOpenTotal(state, frame.window, event);
    } else {
      moveWindow(state, frame.window, event, out);
    }
    out.notices.push({ window: frame.window, at: frame.at, event });
  }
  const budgetMs = state.windows.get(frame.window)?.settings?.reply_budget_ms ?? 0;
  for (const [conversation, events] of moved) {
    const first = events[0];
    if (first?.type === 'opened') openRow(state, first, frame);
    moveKnown(state, conversation, { position: frame.position, at: frame.at, events, budgetMs }, frame.window, out);
  }
}

function openRow(state: State, event: EventOf<'opened'>, frame: Frame<'update'>) {
  if (state.rows.has(event.conversation)) return;
  // One position earlier, so that this very record still moves it.
  state.rows.set(event.conversation, begin(event, frame.window, frame.position - 1, frame.at));
}

type Record = Awaited['since'][number];

function moveKnown(state: State, conversation: string, record: Record, window: string, out: Outcome) {
  const row = state.rows.get(conversation);
  if (row) state.rows.set(conversation, moveByRecord(row, record));
  const awaited = state.awaited.get(conversation);
  if (awaited) awaited.since.push(record);
  else if (!row) out.effects.push(awaitRow(state, conversation, window, [record]));
}

function moveByRecord(row: Conversation, record: Record): Conversation {
  if (row.position >= record.position) return row;
  const moved = record.events.reduce((it, event) => moveRow(it, event, record.budgetMs), row);
  return { ...moved, position: record.position, updated_at: record.at };
}

/** Marks a row as being fetched. The answer goes to `takeRow`. */
export function awaitRow(state: State, conversation: string, window: string, since: Record[] = []): Effect {
  const generation = state.windows.get(window)?.generation ?? 0;
  state.awaited.set(conversation, { window, generation, since });
  return { type: 'row', conversation, window, generation };
}

/** A row that was asked for; null when it is not there. Nothing happens when the window was rebuilt since. */
export function takeRow(state: State, conversation: string, row: Conversation | null, generation: number) {
  const awaited = state.awaited.get(conversation);
  if (!awaited || awaited.generation !== generation) return;
  state.awaited.delete(conversation);
  if (!row) return;
  mergeRow(state, row);
  const merged = state.rows.get(conversation);
  if (merged) state.rows.set(conversation, awaited.since.reduce(moveByRecord, merged));
}

/** A page of a list that was asked for under this generation of the window. */
export function takeRows(state: State, window: string, rows: readonly Conversation[], generation: number): boolean {
  if (state.windows.get(window)?.generation !== generation) return false;
  for (const row of rows) mergeRow(state, row);
  return true;
}

function mergeRow(state: State, row: Conversation) {
  // A list may be older than what happened while the row was asked for.
  const missed = state.awaited.get(row.id)?.since ?? [];
  const now = missed.reduce(moveByRecord, row);
  const known = state.rows.get(row.id);
  if (known && known.position >= now.position) return;
  state.rows.set(row.id, now);
}

function takeDone(state: State, done: CommandDone) {
  // A window that is not watched would never hear what happens to the row next.
  if (state.windows.get(done.conversation.window)?.place) mergeRow(state, done.conversation);
  const thread = state.threads.get(done.conversation.id);
  const { message } = done;
  if (!message || !thread?.ready) return;
  state.threads.set(done.conversation.id, { ...thread, messages: add(thread.messages, message) });
}

function moveOpenTotal(state: State, id: string, event: Event) {
  const window = state.windows.get(id);
  if (!window) return;
  const resumed = event.type === 'claimed' && event.how.type === 'resumed';
  const over = event.type === 'completed' || event.type === 'ended' || event.type === 'bot_completed';
  const more = event.type === 'opened' || event.type === 'reopened' || resumed ? 1 : over ? -1 : 0;
  if (more !== 0) state.windows.set(id, { ...window, openTotal: window.openTotal + more });
}

function moveWindow(state: State, id: string, event: Event, out: Outcome) {
  const window = state.windows.get(id);
  if (!window) return;
  const set = (change: Partial<WindowState>) => state.windows.set(id, { ...window, ...change });
  switch (event.type) {
    case 'window_opened':
      set({ name: event.name, places: event.places });
      break;
    case 'settings_changed':
      moveFreeAnswers(state, id, event.settings.reply_budget_ms - (window.settings?.reply_budget_ms ?? 0));
      set({ settings: event.settings });
      break;
    case 'agent_added':
      out.effects.push({ type: 'members', window: id });
      break;
    case 'agent_removed':
      set({ agents: window.agents.filter((agent) => agent.id !== event.agent) });
      break;
    case 'raw_accepted':
      set({ rawWaiting: window.rawWaiting + 1 });
      break;
    case 'raw_settled':
      set({ rawWaiting: window.rawWaiting - 1 });
      break;
    case 'window_changed':
      set({ name: event.name, description: event.description, picture: event.picture });
      break;
    case 'places_changed':
      set({ places: event.places });
      break;
    case 'bot_changed':
      set({ bot: event.bot });
      break;
    default:
      break;
  }
}

/** Rights to free answers end earlier or later by as much as the budget changed. */
function moveFreeAnswers(state: State, window: string, byMs: number) {
  if (byMs === 0) return;
  for (const [id, row] of state.rows) {
    const until = row.free_answer_until;
    if (row.window === window && until) state.rows.set(id, { ...row, free_answer_until: later(until, byMs) });
  }
}

/** The members as they are now. */
export function setMembers(state: State, id: string, agents: WindowState['agents']) {
  const window = state.windows.get(id);
  if (window) state.windows.set(id, { ...window, agents });
  for (const agent of agents) state.names.set(agent.id, agent.name);
}

function moveThread(state: State, event: Event & { conversation: string }, frame: Frame<'update'>, index: number) {
  const { conversation } = event;
  movePreview(state, event);
  if (event.type === 'queued' && event.message.agent) state.typing.get(conversation)?.delete(event.message.agent);
  for (const load of state.loads.values()) if (load.conversation === conversation) load.since.push(event);
  const thread = state.threads.get(conversation);
  if (!thread) return;
  const messages = thread.ready ? moveMessages(thread.messages, event) : thread.messages;
  const after = messages.at(-1)?.number ?? state.rows.get(conversation)?.last_number ?? 0;
  const key = `${frame.stream}.${frame.position}.${index}`;
  const lines = isLine(event) ? addLine(thread.lines, { key, at: frame.at, after, event }) : thread.lines;
  if (messages !== thread.messages || lines !== thread.lines) {
    state.threads.set(conversation, { ...thread, messages, lines });
  }
}

function movePreview(state: State, event: Event & { conversation: string }) {
  const known = state.previews.get(event.conversation);
  const moved = moveMessages(known ? [known] : [], event).at(-1);
  if (moved && moved !== known) state.previews.set(event.conversation, moved);
}

let lastToken = 0;

/** Begins to load a page of a thread; the token goes with the answer to `takePage`. */
export function beginPage(state: State, conversation: string, window: string): number {
  lastToken += 1;
  state.loads.set(lastToken, { conversation, window, since: [] });
  if (!state.threads.has(conversation)) state.threads.set(conversation, newThread(window));
  return lastToken;
}

/** A page of a thread, newest or older. False when what was asked is out of date. */
export function takePage(state: State, token: number, page: Items<Message> | null): boolean {
  const load = state.loads.get(token);
  state.loads.delete(token);
  if (!load || !page) return false;
  const { conversation, window, since } = load;
  const thread: Thread = state.threads.get(conversation) ?? newThread(window);
  const fetched = since.reduce(moveMessages, page.items as readonly Message[]);
  const messages = thread.ready && !thread.stale ? join(thread.messages, fetched) : fetched;
  const hasOlder = (messages[0]?.number ?? 1) > 1;
  state.threads.set(conversation, { ...thread, messages, hasOlder, ready: true, stale: false });
  const last = messages.at(-1);
  if (last) state.previews.set(conversation, last);
  return true;
}
