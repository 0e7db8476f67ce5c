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

  /** A memo, or an answer: the text first, then what lies beside it; the buttons stand below the last. */
  send(row: Conversation, kind: Item['kind'], text: string, andComplete = false, mail?: { quote: boolean }) {
    const now = Date.now();
    const at = new Date(now + this.desk.state.skewMs).toISOString();
    const epoch = kind === 'reply' ? (row.seat?.epoch ?? 0) : 0;
    const base = { conversation: row.id, kind, epoch, at, state: 'waiting', problem: null } as const;
    const { pieces, replies } = kind === 'reply' ? this.desk.parcels.take(row.id) : { pieces: [], replies: [] };
    const said: Omit<Item, 'clientId'>[] = [];
    const uploads = pieces.flatMap(({ upload }) => (upload ? [upload] : []));
    if (mail) {
      const files = uploads.map((it) => it.id);
      // All of it is one message.
      if (text.trim() !== '' || files.length > 0) {
        said.push({ ...base, text, content: { type: 'mail', text, files, quote: mail.quote }, uploads });
      }
    } else if (text.trim() !== '') said.push({ ...base, text });
    for (const { content, upload } of mail ? [] : pieces) {
      if (content) said.push({ ...base, text: '', content, ...(upload ? { upload } : {}) });
    }
    const last = said.at(-1);
    if (!last) return;
    if (replies.length > 0) last.quickReplies = [...replies];
    // A millisecond apart, so that their ids keep the order over a reload.
    const items = said.map((it, index): Item => ({ ...it, clientId: ulid(now + index) }));
    for (const item of items) this.outbox.add(item);
    if (andComplete) {
      this.afterSend.set(items.at(-1)?.clientId ?? '', () => {
        const row_ = this.desk.state.rows.get(row.id);
        if (row_?.seat?.agent === this.desk.my) void this.desk.wishes.complete(row_);
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
    this.unpack(item);
    const { composer } = settings.t;
    attention.toast(problem.holder ? composer.givenBack(problem.holder.name) : composer.givenBackFree, 'alarm');
  }

  /** Back into the composer: nothing that somebody made is lost. */
  private unpack({ conversation, kind, text, content, upload, uploads, quickReplies }: Item) {
    const { drafts, parcels } = this.desk;
    if (content?.type === 'mail') {
      if (text !== '') drafts.prepend(conversation, kind, text);
      for (const one of uploads ?? []) {
        const name = one.name ?? '';
        parcels.add(conversation, name, { type: 'file', file: one.id, ...(name ? { name } : {}) }, one);
      }
    } else if (content) parcels.add(conversation, upload?.name ?? '', content, upload ?? null);
    else drafts.prepend(conversation, kind, text);
    if (quickReplies && parcels.of(conversation).replies.length === 0) parcels.setReplies(conversation, quickReplies);
  }

  resend(clientId: string) {
    this.outbox.retry(clientId);
    this.flush();
    this.desk.touch();
  }

  takeBack(clientId: string) {
    const item = this.outbox.takeBack(clientId);
    if (item) this.unpack(item);
    this.desk.touch();
  }

  /** What stands in a timeline is on its way no more. */
  settleSent(messages: readonly Message[]) {
    for (const { client_id, agent } of messages) if (client_id && agent === this.desk.my) this.outbox.seen(client_id);
    this.flush();
  }
}
