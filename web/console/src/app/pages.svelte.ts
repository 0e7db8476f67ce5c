// Pages of threads and lists that are fetched: the open one, older ones, and a few ahead of being asked for.

import type { Conversation, Items, Message } from '../core/protocol';
import { beginPage, takePage, takeRows } from '../core/reduce';
import type { Desk } from './desk.svelte';
import { ask } from './rest';
import { route } from './route.svelte';

export const PAGE = 50;
const AHEAD = 30;
/** Threads kept in memory; the ones looked at longest ago go first. */
const THREADS = 150;

export class Pages {
  /** How far each list has been fetched beyond the snapshot. */
  more = $state<Record<string, { cursor: string | null; loading: boolean }>>({});
  /** The open conversation, when it could not be loaded. */
  failed = $state<string | null>(null);
  private ahead: string[] = [];
  private aheadBusy = 0;

  constructor(private readonly desk: Desk) {}

  async page(conversation: string, window: string, before: number | null, limit: number) {
    for (const load of this.desk.state.loads.values()) if (load.conversation === conversation) return;
    const token = beginPage(this.desk.state, conversation, window);
    this.desk.touch();
    const query = before === null ? '' : `before=${before}&`;
    try {
      const page = await ask<Items<Message>>('GET', `/conversations/${conversation}/messages?${query}limit=${limit}`);
      if (takePage(this.desk.state, token, page)) this.desk.sending.settleSent(page.items);
    } catch {
      takePage(this.desk.state, token, null);
      if (conversation === route.place.conversation && !this.desk.state.threads.get(conversation)?.ready) {
        this.failed = conversation;
      }
    }
    this.evict();
    this.desk.touch();
  }

  async older(conversation: string) {
    const thread = this.desk.state.threads.get(conversation);
    const first = thread?.messages[0]?.number;
    if (thread?.hasOlder && first) await this.page(conversation, thread.window, first, PAGE);
  }

  private evict() {
    for (const id of this.desk.state.threads.keys()) {
      if (this.desk.state.threads.size <= THREADS) break;
      if (id !== route.place.conversation) this.desk.state.threads.delete(id);
    }
  }

  /** Rows that are on the screen: their threads are fetched ahead, a few at a time. */
  fetchAhead(ids: readonly string[]) {
    this.ahead = ids.filter((id) => !this.desk.state.threads.has(id));
    this.pump();
  }

  private pump() {
    while (this.aheadBusy < 2 && this.desk.link.state === 'open') {
      const id = this.ahead.shift();
      if (!id) return;
      const row = this.desk.state.rows.get(id);
      if (!row || this.desk.state.threads.has(id)) continue;
      this.aheadBusy += 1;
      void this.page(id, row.window, null, AHEAD).finally(() => {
        this.aheadBusy -= 1;
        this.pump();
      });
    }
  }

  /** The next page of a list that the snapshot does not hold: done ones, or beyond the first 1,000. */
  async loadMore(window: string, status: string, text = '') {
    const key = `${window}/${status}/${text}`;
    const known = this.more[key];
    if (known?.loading || known?.cursor === null || this.desk.link.state !== 'open') return;
    const generation = this.desk.state.windows.get(window)?.generation ?? 0;
    if (generation === 0) return;
    this.more[key] = { cursor: known?.cursor ?? '', loading: true };
    const query = new URLSearchParams({ status, limit: '50' });
    if (known?.cursor) query.set('cursor', known.cursor);
    if (text) query.set('q', text);
    try {
      const page = await ask<Items<Conversation>>('GET', `/windows/${window}/conversations?${query}`);
      if (takeRows(this.desk.state, window, page.items, generation))
        this.more[key] = { cursor: page.next_cursor, loading: false };
      else delete this.more[key];
    } catch {
      delete this.more[key];
    }
    this.desk.touch();
  }
}
