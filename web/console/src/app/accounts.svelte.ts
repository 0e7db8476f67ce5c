// What each account can carry and what each window sent this month, asked once in a while: accounts may be set up anew
// while somebody looks at them, and colleagues send.

import type { Capabilities, Conversation, Meter } from '../core/protocol';
import { FRESH_MS, isDue, SOON_MS } from '../core/standing';
import { ask, Refused } from './rest';

export class Accounts {
  private known = $state.raw<Record<string, Capabilities>>({});
  private askedAt = new Map<string, number>();
  private meters = $state.raw<Record<string, Meter>>({});
  private metered = new Map<string, { at: number; moved: boolean }>();

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
      this.askedAt.set(inbox, now - FRESH_MS + SOON_MS);
    }
  }

  /** What a window sent this month; null until it is known. */
  meter(window: string): Meter | null {
    return this.meters[window] ?? null;
  }

  /** Sees to it that the sums are not too old. */
  async lookMeter(window: string, now: number) {
    if (!isDue(this.metered.get(window), now)) return;
    const asked = { at: now, moved: false };
    this.metered.set(window, asked);
    try {
      const meter = await ask<Meter>('GET', `/windows/${window}/meter`);
      this.meters = { ...this.meters, [window]: meter };
    } catch (error) {
      // Whoever may not see it is not helped by asking more often.
      asked.moved ||= !(error instanceof Refused);
    }
  }

  /** A message went out: the sums are others now. */
  moved(window: string) {
    const asked = this.metered.get(window);
    if (asked) asked.moved = true;
  }

  /** How answers go out; administrators only. */
  async setMode(inbox: string, mode: 'reply' | 'push' | 'auto') {
    await ask('PATCH', `/inboxes/${inbox}`, { settings: { mode } });
    this.askedAt.delete(inbox);
    await this.look(inbox);
  }
}
