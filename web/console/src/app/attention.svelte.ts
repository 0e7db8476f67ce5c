// Who is told what, and how: sound, desktop notification, title. One tab of a browser makes the noise.

import { settings } from './settings.svelte';
import { play } from './sound';

export type Toast = {
  id: number;
  text: string;
  kind: 'calm' | 'alarm';
  action: { label: string; run: () => void } | null;
};
export type Told = { id: number; text: string; atMs: number; window: string; conversation: string | null };

const TOAST_MS = 5_000;
const QUIET_MS = 1_500;
const KEPT = 50;

class Attention {
  toasts = $state<Toast[]>([]);
  told = $state<Told[]>([]);
  /** Since the page was last looked at. */
  missed = $state(0);
  unseen = $state(0);
  /** Read out by screen readers. */
  polite = $state('');
  assertive = $state('');
  private lastId = 0;
  private quietUntil = 0;
  private leads = false;

  constructor() {
    void navigator.locks?.request('madoguchi-sound', () => {
      this.leads = true;
      return new Promise(() => {});
    });
    addEventListener('focus', () => {
      this.missed = 0;
    });
  }

  get isLooking() {
    return document.visibilityState === 'visible' && document.hasFocus();
  }

  toast(text: string, kind: Toast['kind'] = 'calm', action: Toast['action'] = null) {
    this.lastId += 1;
    const id = this.lastId;
    this.toasts = [...this.toasts.filter((toast) => toast.text !== text).slice(-2), { id, text, kind, action }];
    if (kind === 'alarm') this.assertive = text;
    else this.polite = text;
    setTimeout(() => this.dismiss(id), action ? TOAST_MS + 1_000 : TOAST_MS);
  }

  dismiss(id: number) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  tell(told: Omit<Told, 'id' | 'atMs'>, kind: 'soft' | 'ring', open: () => void) {
    this.lastId += 1;
    const id = this.lastId;
    this.told = [{ ...told, id, atMs: Date.now() }, ...this.told].slice(0, KEPT);
    this.unseen += 1;
    this.polite = told.text;
    if (!this.isLooking) this.missed += 1;
    this.noise(kind);
    if (this.leads && !this.isLooking && settings.values.desktop) this.notify(told, open);
  }

  noise(kind: 'soft' | 'ring') {
    if (!this.leads || !settings.values.sound || Date.now() < this.quietUntil) return;
    this.quietUntil = Date.now() + QUIET_MS;
    play(kind, settings.values.volume);
  }

  private notify({ text, conversation }: Omit<Told, 'id' | 'atMs'>, open: () => void) {
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const shown = new Notification(text, { tag: conversation ?? 'window', icon: '/icon.svg' });
    shown.onclick = () => {
      window.focus();
      open();
      shown.close();
    };
  }
}

export const attention = new Attention();
