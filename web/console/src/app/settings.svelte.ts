// How one person likes the console; kept in this browser. Reading it in a component follows every change.

import type { Lang } from '../core/format';
import type { EnterMode } from '../core/keymap';
import { en } from '../i18n/en';
import { ja, type Texts } from '../i18n/ja';
import { read, write } from './keep';

const defaults = {
  lang: (navigator.language.startsWith('ja') ? 'ja' : 'en') as Lang,
  theme: 'system' as 'system' | 'light' | 'dark',
  density: 'normal' as 'compact' | 'normal' | 'wide',
  size: 14 as 14 | 16 | 18,
  enter: 'enter' as EnterMode,
  letters: true,
  sound: true,
  volume: 0.5,
  desktop: true,
  rule: 'all' as 'all' | 'mine' | 'none',
  repeat: false,
  list: true,
  details: true,
  listPx: 340,
  detailsPx: 300,
};

class Settings {
  values = $state({ ...defaults, ...read<Partial<typeof defaults>>('settings', {}) });

  get t(): Texts {
    return this.values.lang === 'en' ? en : ja;
  }

  set<K extends keyof typeof defaults>(name: K, value: (typeof defaults)[K]) {
    this.values[name] = value;
    write('settings', $state.snapshot(this.values));
    this.dress();
  }

  /** Puts language, theme and size on the page. */
  dress() {
    const page = document.documentElement;
    const { lang, theme, density, size } = this.values;
    page.lang = lang;
    if (theme === 'system') delete page.dataset.theme;
    else page.dataset.theme = theme;
    page.dataset.density = density;
    page.style.setProperty('--size', `${size}px`);
  }
}

export const settings = new Settings();
