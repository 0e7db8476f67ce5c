// What each account can carry, asked once in a while. The meter of free and paid messages belongs here too, as soon as
// the server tells it: it is a fact of the account like these.

import type { Capabilities, Conversation } from '../core/protocol';
import { ask } from './rest';

/** An account may be set up anew while somebody looks at it. */
const FRESH_MS = 60_000;
const AGAIN_MS = 5_000;

export class Accounts {
  private known = $state.raw<Record<string, Capabilities>>({});
  private askedAt = new Map<string, number>();

  /** Null until it is known. */
  of(row: Pick<Conversation, 'inbox'>): Capabilities | null {
    return this.known[row.inbox] ?? null;
  }

  /** Sees to it that what is known is not too old. */
  async look(inbox: string, now = Date.now()) {
    if (now - (this.askedAt.get(inbox) ?? 0) < FRESH_MS) return;
    this.askedAt.set(inbox, now);
    try {
      const can = await ask<Capabilities>('GET', `/inboxes/${inbox}/capabilities`);
      this.known = { ...this.known, [inbox]: can };
    } catch {
      this.askedAt.set(inbox, now - FRESH_MS + AGAIN_MS);
    }
  }

  /** How answers go out; administrators only. */
  async setMode(inbox: string, mode: 'reply' | 'push' | 'auto') {
    await ask('PATCH', `/inboxes/${inbox}`, { settings: { mode } });
    this.askedAt.delete(inbox);
    await this.look(inbox);
  }
}
