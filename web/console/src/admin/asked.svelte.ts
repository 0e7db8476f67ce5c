// What a page asked the server for: not there yet, there, or refused. Asked again when the page is looked at again, and
// whenever something happened that may have changed it.

import { desk } from '../app/desk.svelte';
import { ask } from '../app/rest';
import { why } from './refusal';

/** Between two looks at what others may have changed. */
const AGAIN_MS = 15_000;

export class Asked<T> {
  data = $state.raw<T | null>(null);
  failed = $state<string | null>(null);
  private turn = 0;

  constructor(
    private readonly path: string | (() => Promise<T>),
    private readonly onData: (data: T) => void = () => {},
  ) {}

  async load() {
    this.turn += 1;
    const turn = this.turn;
    try {
      const data = typeof this.path === 'string' ? await ask<T>('GET', this.path) : await this.path();
      // An answer to an older question must not replace that to a newer one.
      if (turn !== this.turn) return;
      this.data = data;
      this.failed = null;
      this.onData(data);
    } catch (error) {
      if (turn === this.turn) this.failed = why(error);
    }
  }

  /** Keeps it fresh while the component that calls this in an effect is there. */
  keep = () => {
    void this.load();
    const again = () => {
      if (document.visibilityState === 'visible') void this.load();
    };
    const timer = setInterval(again, AGAIN_MS);
    document.addEventListener('visibilitychange', again);
    const silence = desk.onChange(again);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
      silence();
    };
  };
}
