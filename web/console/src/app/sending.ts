// Answers and memos: into the outbox, over the line, and back into the composer when the seat is gone.

import { type Item, Outbox } from '../core/outbox';
import type { CommandDone, Conversation, Message, Problem } from '../core/protocol';
import { ulid } from '../core/ulid';
import { attention } from './attention.svelte';
import type { Desk } from './desk.svelte';
import * as keep from './keep';
import { settings } from './settings.svelte';

export class Sending {
  readonly outbox: Outbox;
  private afterSend = new Map<string, () => void>();

  constructor(private readonly desk: Desk) {
    this.outbox = new Outbox({
      put: (item) => void keep.saveItem(desk.my, item),
      remove: (clientId) => void keep.removeItem(clientId),
    });
  }

  send(row: Conversation, kind: Item['kind'], text: string, andComplete = false) {
    const clientId = ulid(Date.now());
    const at = new Date(Date.now() + this.desk.state.skewMs).toISOString();
    const epoch = kind === 'reply' ? (row.seat?.epoch ?? 0) : 0;
    this.outbox.add({ clientId, conversation: row.id, kind, text, epoch, at, state: 'waiting', problem: null });
    if (andComplete) {
      this.afterSend.set(clientId, () => {
        const now = this.desk.state.rows.get(row.id);
        if (now?.seat?.agent === this.desk.my) void this.desk.wishes.complete(now);
      });
    }
    this.flush();
    this.desk.touch();
  }

  flush() {
    if (this.desk.link.state !== 'open') return;
    for (const { item, command } of this.outbox.take()) {
      this.desk.line.say({ type: 'command', ref: item.clientId, conversation: item.conversation, command });
    }
  }

  replied(ref: string, done: CommandDone | null, problem: Problem | null) {
    const answer = this.outbox.answered(ref, problem);
    if (answer.is === 'again') setTimeout(() => this.resend(ref), answer.afterMs);
    if (answer.is === 'give_back') this.giveBack(answer.item, answer.problem);
    if (answer.is === 'refused') attention.toast(settings.t.notice.failed, 'alarm');
    if (done) this.afterSend.get(ref)?.();
    if (answer.is !== 'again') this.afterSend.delete(ref);
    this.flush();
  }

  private giveBack(item: Item, problem: Problem) {
    this.desk.drafts.prepend(item.conversation, item.kind, item.text);
    const { composer } = settings.t;
    attention.toast(problem.holder ? composer.givenBack(problem.holder.name) : composer.givenBackFree, 'alarm');
  }

  resend(clientId: string) {
    this.outbox.retry(clientId);
    this.flush();
    this.desk.touch();
  }

  takeBack(clientId: string) {
    const item = this.outbox.takeBack(clientId);
    if (item) this.desk.drafts.prepend(item.conversation, item.kind, item.text);
    this.desk.touch();
  }

  /** What stands in a timeline is on its way no more. */
  settleSent(messages: readonly Message[]) {
    for (const { client_id, agent } of messages) if (client_id && agent === this.desk.my) this.outbox.seen(client_id);
    this.flush();
  }
}
