// What the list shows: filters, counts and order over the known rows. Pure.

import type { Conversation, Status } from './protocol';

export type Tab = Status | 'all';
export type Filter = { window: string; tab: Tab; mine: boolean; me: string; text: string; sort: 'waiting' | 'newest' };

const isMine = (row: Conversation, me: string) =>
  row.assignee === me || row.seat?.agent === me || row.seat?.offer?.to === me;

const matches = (row: Conversation, text: string) =>
  text === '' ||
  (row.contact?.name ?? '').toLowerCase().includes(text) ||
  (row.contact_point.name ?? '').toLowerCase().includes(text) ||
  row.id.toLowerCase().includes(text);

/** The rows of the list in their order. */
export function listed(rows: Iterable<Conversation>, filter: Filter): Conversation[] {
  const text = filter.text.trim().toLowerCase();
  const kept: Conversation[] = [];
  for (const row of rows) {
    if (row.window !== filter.window) continue;
    if (filter.tab !== 'all' && row.status !== filter.tab) continue;
    if (filter.mine && !isMine(row, filter.me)) continue;
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
