// One form: what is saved, what was changed, what the server says against it. A value that comes from the server while
// something is being changed does not take the change away.

import { Refused } from '../app/rest';
import { fieldOf, same } from '../core/form';
import type { Problem } from '../core/protocol';
import { why } from './refusal';

export class Form<T extends object> {
  /** What stands in the fields. */
  value = $state() as T;
  /** As the server has it. */
  saved = $state.raw() as T;
  /** By field; '' is of the form as a whole. */
  errors = $state<Record<string, string>>({});
  busy = $state(false);
  /** Somebody else changed it meanwhile. */
  moved = $state(false);

  constructor(
    first: T,
    private readonly fields: readonly string[] = Object.keys(first),
  ) {
    this.saved = first;
    this.value = structuredClone(first);
  }

  readonly dirty = $derived(!same($state.snapshot(this.value), this.saved));

  /** What the server has now. */
  take(saved: T) {
    if (same(saved, this.saved)) return;
    const keeps = this.dirty;
    this.saved = saved;
    this.moved = keeps && !same($state.snapshot(this.value), saved);
    if (!keeps) this.value = structuredClone(saved);
  }

  /** Back to what is saved. */
  undo() {
    this.value = structuredClone(this.saved);
    this.errors = {};
    this.moved = false;
  }

  /** Plain values of what stands in the fields. */
  draft(): T {
    return $state.snapshot(this.value) as T;
  }

  /** Sends it; true when it was taken. A refusal lands on its field, and the focus with it. */
  async save(send: (draft: T) => Promise<T | null>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.errors = {};
    try {
      const draft = this.draft();
      const saved = (await send(draft)) ?? draft;
      this.saved = saved;
      this.value = structuredClone(saved);
      this.moved = false;
      return true;
    } catch (error) {
      this.refuse(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  refuse(error: unknown, prefix = '') {
    const problem: Problem | null = error instanceof Refused ? error.problem : null;
    const found = problem ? fieldOf({ field: prefix + (problem.field ?? '') }, this.fields) : null;
    this.errors = { ...this.errors, [found ?? '']: why(error) };
    const name = found;
    if (name !== null) {
      setTimeout(() => document.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`)?.focus());
    }
  }
}
