// Answers and memos on their way. Nothing leaves this list but by the server's word or the agent's: no timer removes
// anything. Each carries an id of its own, so repeating it after a broken line cannot send it twice.

import type { Action, Code, Command, NewContent, Problem, Upload } from './protocol';

export type Item = {
  clientId: string;
  conversation: string;
  kind: 'reply' | 'memo';
  /** What was written; empty when it is something else. */
  text: string;
  /** What is said instead of a text. */
  content?: NewContent;
  /** The file that the content names, to show it and to give it back. */
  upload?: Upload;
  /** The files of a mail, to give them back. */
  uploads?: readonly Upload[];
  /** Buttons below it. */
  quickReplies?: Action[];
  /** The seat under which a reply was written; 0 for memos. */
  epoch: number;
  at: string;
  /** `waiting`: to be said; `asked`: said, no answer yet; `refused`: the agent decides. */
  state: 'waiting' | 'asked' | 'refused';
  problem: Problem | null;
};

/** Where items are kept over a reload. */
export type Keep = { put(item: Item): void; remove(clientId: string): void };

/** Said again after a while, under the same id. */
const AGAIN: readonly Code[] = [
  'rate_limited',
  'overloaded',
  'disk_full',
  'catching_up',
  'interrupted',
  'stopping',
  'internal',
];
/** The text goes back to the composer: somebody else answers now. */
const SEAT_GONE: readonly Code[] = ['seat_stale', 'seat_not_held', 'seat_taken'];

const AGAIN_MS = 2_000;

export type Answer =
  | { is: 'again'; afterMs: number }
  | { is: 'give_back'; item: Item; problem: Problem }
  | { is: 'refused' }
  | { is: 'done' };

export class Outbox {
  private items: Item[] = [];

  constructor(private readonly keep: Keep) {}

  /** What was kept from before a reload; none of it is known to have been heard. */
  restore(items: readonly Item[]) {
    this.items = items
      .map((item): Item => (item.state === 'asked' ? { ...item, state: 'waiting' } : item))
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  }

  add(item: Item) {
    this.items = [...this.items, item];
    this.keep.put(item);
  }

  of(conversation: string): readonly Item[] {
    return this.items.filter((item) => item.conversation === conversation);
  }

  all(): readonly Item[] {
    return this.items;
  }

  /** The line broke: whatever had no answer is to be said again. */
  lineLost() {
    this.items = this.items.map((item) => (item.state === 'asked' ? { ...item, state: 'waiting' } : item));
  }

  /** What is to be said now, marked as said. One item a conversation at a time, so that the order cannot turn. */
  take(): { item: Item; command: Command }[] {
    const busy = new Set<string>();
    const said: { item: Item; command: Command }[] = [];
    this.items = this.items.map((item) => {
      if (item.state === 'refused' || busy.has(item.conversation)) return item;
      busy.add(item.conversation);
      if (item.state === 'asked') return item;
      const asked: Item = { ...item, state: 'asked' };
      said.push({ item: asked, command: commandOf(asked) });
      return asked;
    });
    return said;
  }

  /** The server's answer to an item; `null` when it was taken. */
  answered(clientId: string, problem: Problem | null): Answer {
    const item = this.items.find((it) => it.clientId === clientId);
    if (!item || !problem) {
      this.remove(clientId);
      return { is: 'done' };
    }
    if (AGAIN.includes(problem.code)) {
      // It stays `asked` until the pause is over, so that nothing behind it overtakes.
      return { is: 'again', afterMs: problem.retry_after_ms ?? AGAIN_MS };
    }
    if (item.kind === 'reply' && SEAT_GONE.includes(problem.code)) {
      this.remove(clientId);
      return { is: 'give_back', item, problem };
    }
    this.change(clientId, { state: 'refused', problem });
    return { is: 'refused' };
  }

  /** The pause after `again` is over, or the agent asks for another try. */
  retry(clientId: string) {
    this.change(clientId, { state: 'waiting', problem: null });
  }

  /** The message stands in the timeline: its bubble is the real one now. */
  seen(clientId: string): boolean {
    return this.remove(clientId);
  }

  /** The agent takes it back into the composer. */
  takeBack(clientId: string): Item | null {
    const item = this.items.find((it) => it.clientId === clientId) ?? null;
    this.remove(clientId);
    return item;
  }

  private remove(clientId: string): boolean {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.clientId !== clientId);
    if (this.items.length === before) return false;
    this.keep.remove(clientId);
    return true;
  }

  private change(clientId: string, how: Partial<Item>) {
    this.items = this.items.map((item) => {
      if (item.clientId !== clientId) return item;
      const changed = { ...item, ...how };
      this.keep.put(changed);
      return changed;
    });
  }
}

function commandOf(item: Item): Command {
  return item.kind === 'memo'
    ? { type: 'add_note', client_id: item.clientId, text: item.text }
    : {
        type: 'send',
        client_id: item.clientId,
        seat_epoch: item.epoch,
        content: item.content ?? { type: 'text', text: item.text },
        ...(item.quickReplies?.length ? { quick_replies: item.quickReplies } : {}),
      };
}
