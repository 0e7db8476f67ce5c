// What the list shows: filters, counts and order over the known rows. Pure.

import type { Conversation, Status } from './protocol';

export type Tab = Status | 'all';
/** What the panel narrows the list by; days are local ones, `YYYY-MM-DD`. */
export type More = {
  holder: string;
  assignee: string;
  registered: '' | 'yes' | 'no';
  from: string;
  to: string;
  unread: boolean;
};
export const NO_MORE: More = { holder: '', assignee: '', registered: '', from: '', to: '', unread: false };

export type Filter = {
  window: string;
  tab: Tab;
  mine: boolean;
  me: string;
  text: string;
  sort: 'waiting' | 'newest';
  more?: More;
  /** Whether something in a conversation has not been read. */
  isUnread?: (row: Conversation) => boolean;
};

/** How many things the panel narrows by. */
export const narrowed = (more: More): number => Object.values(more).filter((it) => it !== '' && it !== false).length;

/** The words that stand for nobody, and for the bot in front of the window. */
export const NOBODY = '-';
export const BOT = 'bot';

export const isBots = (row: Conversation): boolean => row.seat !== null && row.seat.agent === null;

const isMine = (row: Conversation, me: string) =>
  row.assignee === me || row.seat?.agent === me || row.seat?.offer?.to === me;

const matches = (row: Conversation, text: string) =>
  text === '' ||
  (row.contact?.name ?? '').toLowerCase().includes(text) ||
  (row.contact_point.name ?? '').toLowerCase().includes(text) ||
  row.id.toLowerCase().includes(text);

const isPerson = (wanted: string, agent: string | null | undefined) =>
  wanted === '' || (wanted === NOBODY ? !agent : agent === wanted);

/** The first moment of a local day, and of the day after it. */
const dayAt = (day: string, plus: number) => {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + plus);
  return at.getTime();
};

/** The panel's question to a row, with its days worked out once. */
function narrows(more: More, isUnread: (row: Conversation) => boolean): (row: Conversation) => boolean {
  const from = more.from === '' ? Number.NEGATIVE_INFINITY : dayAt(more.from, 0);
  const to = more.to === '' ? Number.POSITIVE_INFINITY : dayAt(more.to, 1);
  const anyDay = more.from === '' && more.to === '';
  return (row) => {
    const isHeld = more.holder === BOT ? isBots(row) : isPerson(more.holder, row.seat?.agent);
    if (!isHeld || !isPerson(more.assignee, row.assignee) || (more.holder === NOBODY && isBots(row))) return false;
    if (more.registered !== '' && (row.contact !== null) !== (more.registered === 'yes')) return false;
    const at = anyDay ? 0 : Date.parse(row.updated_at);
    return (anyDay || (at >= from && at < to)) && (!more.unread || isUnread(row));
  };
}

/** The rows of the list in their order. */
export function listed(rows: Iterable<Conversation>, filter: Filter): Conversation[] {
  const text = filter.text.trim().toLowerCase();
  const fits = filter.more && narrowed(filter.more) > 0 ? narrows(filter.more, filter.isUnread ?? (() => true)) : null;
  const kept: Conversation[] = [];
  for (const row of rows) {
    if (row.window !== filter.window) continue;
    if (filter.tab !== 'all' && row.status !== filter.tab) continue;
    if (filter.mine && !isMine(row, filter.me)) continue;
    if (fits && !fits(row)) continue;
    if (matches(row, text)) kept.push(row);
  }
  return kept.sort(filter.sort === 'waiting' && filter.tab !== 'done' ? byWaiting : byNewest);
}

/** Times are of one form and one zone, so their order as text is their order in time. */
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function byWaiting(a: Conversation, b: Conversation): number {
  if (a.waiting_since && b.waiting_since) return order(a.waiting_since, b.waiting_since) || order(a.id, b.id);
  if (a.waiting_since || b.waiting_since) return a.waiting_since ? -1 : 1;
  return byNewest(a, b);
}

const byNewest = (a: Conversation, b: Conversation) => order(b.updated_at, a.updated_at) || order(a.id, b.id);

export type Counts = { new: number; in_progress: number; mine: number };

/** How many of each a window has, over the rows that are known. */
export function counted(rows: Iterable<Conversation>, me: string): Map<string, Counts> {
  const windows = new Map<string, Counts>();
  for (const row of rows) {
    if (row.status === 'done') continue;
    const counts = windows.get(row.window) ?? { new: 0, in_progress: 0, mine: 0 };
    counts[row.status] += 1;
    if (isMine(row, me)) counts.mine += 1;
    windows.set(row.window, counts);
  }
  return windows;
}

/** The one that has waited longest without anybody answering it. */
export const oldestWaiting = (
  rows: Iterable<Conversation>,
  window: string,
  except: string | null,
): Conversation | null =>
  listed(rows, { window, tab: 'new', mine: false, me: '', text: '', sort: 'waiting' }).find(
    (row) => row.id !== except,
  ) ?? null;
