// What the person wishes of a conversation, and what becomes of it: an answer, or a sentence on the screen.

import type { Command, CommandDone, Conversation, Problem } from '../core/protocol';
import { attention } from './attention.svelte';
import type { Desk } from './desk.svelte';
import { Refused } from './rest';
import { settings } from './settings.svelte';

type Waiting = { resolve: (done: CommandDone) => void; reject: (why: unknown) => void };

class Offline extends Error {}

export class Wishes {
  /** Conversations whose main button waits for the server's decision. */
  deciding = $state<Record<string, true>>({});
  private waiting = new Map<string, Waiting>();
  private lastRef = 0;

  constructor(private readonly desk: Desk) {}

  private command(conversation: string, command: Command): Promise<CommandDone> {
    this.lastRef += 1;
    const ref = `c${this.lastRef}`;
    return new Promise((resolve, reject) => {
      if (!this.desk.line.say({ type: 'command', ref, conversation, command })) reject(new Offline());
      else this.waiting.set(ref, { resolve, reject });
    });
  }

  /** Carries a wish out; a refusal becomes a sentence on the screen. */
  async wish(row: Conversation, command: Command): Promise<CommandDone | null> {
    try {
      return await this.command(row.id, command);
    } catch (error) {
      attention.toast(this.why(error), 'alarm');
      return null;
    }
  }

  private why(error: unknown): string {
    const { problem: words, main } = settings.t;
    if (error instanceof Offline) return words.offline;
    if (!(error instanceof Refused)) return words.other;
    const { problem } = error;
    if (problem.code === 'seat_taken' && problem.holder) return main.seatTaken(problem.holder.name);
    return (words as Record<string, string>)[problem.code] ?? words.other;
  }

  async claim(row: Conversation) {
    if (this.deciding[row.id]) return;
    this.deciding[row.id] = true;
    const done = await this.wish(row, { type: 'claim' });
    delete this.deciding[row.id];
    if (done) attention.toast(settings.t.main.started);
    return done !== null;
  }

  async complete(row: Conversation) {
    const seat = row.seat;
    if (!seat || this.deciding[row.id]) return;
    this.deciding[row.id] = true;
    const done = await this.wish(row, { type: 'complete', seat_epoch: seat.epoch });
    delete this.deciding[row.id];
    if (!done) return;
    const undo = () => void this.wish(done.conversation, { type: 'claim' });
    attention.toast(settings.t.main.completed, 'calm', { label: settings.t.main.undo, run: undo });
  }

  async assign(row: Conversation, assignee: string | null) {
    const done = await this.wish(row, { type: 'assign', assignee });
    const { notice } = settings.t;
    if (done) attention.toast(assignee ? notice.assigned(this.desk.name(assignee)) : notice.unassigned);
  }

  /** The server's answer, if it is one to a wish. */
  replied(ref: string, done: CommandDone | null, problem: Problem | null): boolean {
    const waiting = this.waiting.get(ref);
    if (!waiting) return false;
    this.waiting.delete(ref);
    if (done) waiting.resolve(done);
    else if (problem) waiting.reject(new Refused(problem));
    return true;
  }

  /** The line broke: nobody knows what became of what had no answer. */
  lineLost() {
    for (const { reject } of this.waiting.values()) reject(new Offline());
    this.waiting.clear();
  }
}
