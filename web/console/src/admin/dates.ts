// Days and moments as the administration writes them.

import type { Lang } from '../core/format';

const locale = (lang: Lang) => (lang === 'ja' ? 'ja-JP' : 'en-GB');

export const date = (iso: string, lang: Lang, timeZone?: string): string =>
  new Date(iso).toLocaleDateString(locale(lang), { year: 'numeric', month: 'short', day: 'numeric', timeZone });

export const moment = (iso: string, lang: Lang, timeZone?: string): string =>
  new Date(iso).toLocaleString(locale(lang), {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  });

/** A day without a time, `2026-11-21`. */
export const plainDay = (day: string, lang: Lang): string =>
  new Date(`${day}T00:00:00Z`).toLocaleDateString(locale(lang), {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    timeZone: 'UTC',
  });

/** The day that it is somewhere, as `2026-11-21`. */
export const today = (timeZone: string, now = new Date()): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);

/** How long ago something was, in words. */
export function ago(iso: string, now: number, lang: Lang): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const words = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(Math.min(0, seconds), 'second');
  if (size < 3600) return words.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return words.format(Math.round(seconds / 3600), 'hour');
  return words.format(Math.round(seconds / 86_400), 'day');
}
