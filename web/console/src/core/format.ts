// Times and texts for people. The language and the time zone are arguments or the browser's; nothing here reads a clock.

export type Lang = 'ja' | 'en';

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  const found = cache.get(key) ?? new Intl.DateTimeFormat(lang === 'ja' ? 'ja-JP' : 'en-GB', options);
  cache.set(key, found);
  return found;
}

export const clock = (iso: string, lang: Lang, timeZone?: string) =>
  formatter(lang, { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(iso));

export const day = (iso: string, lang: Lang, timeZone?: string) =>
  formatter(lang, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'short', timeZone }).format(new Date(iso));

export const full = (iso: string, lang: Lang, timeZone?: string) =>
  formatter(lang, { dateStyle: 'medium', timeStyle: 'medium', timeZone }).format(new Date(iso));

/** Two moments are of one day exactly when these are the same. */
export const dayKey = (iso: string, timeZone?: string) =>
  formatter('en', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).format(new Date(iso));

/** The time of a row: the clock today, the date before. */
export function short(iso: string, nowMs: number, lang: Lang, timeZone?: string): string {
  if (dayKey(iso, timeZone) === dayKey(new Date(nowMs).toISOString(), timeZone)) return clock(iso, lang, timeZone);
  return formatter(lang, { month: 'numeric', day: 'numeric', timeZone }).format(new Date(iso));
}

export type Span = { unit: 'second' | 'minute' | 'hour' | 'day'; count: number };

/** How long something took, in its largest whole unit. */
export function span(ms: number): Span {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return { unit: 'second', count: seconds };
  if (seconds < 3600) return { unit: 'minute', count: Math.floor(seconds / 60) };
  if (seconds < 86_400) return { unit: 'hour', count: Math.floor(seconds / 3600) };
  return { unit: 'day', count: Math.floor(seconds / 86_400) };
}

/** How urgent a wait is: amber after 5 minutes, red after 15. */
export const urgency = (ms: number): 'calm' | 'soon' | 'late' =>
  ms >= 15 * 60_000 ? 'late' : ms >= 5 * 60_000 ? 'soon' : 'calm';

export type Piece = { text: string; href: string | null };

/** A text cut into links and the rest. Only http and https, and only what the browser reads as such. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/https?:\/\/[\x21-\x7e]+/g)) {
    const raw = match[0].replace(/[)\]}>,.;:!?'"]+$/, '');
    if (!URL.canParse(raw)) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: null });
    found.push({ text: raw, href: new URL(raw).href });
    from = match.index + raw.length;
  }
  if (from < text.length || found.length === 0) found.push({ text: text.slice(from), href: null });
  return found;
}

/** The first letter as people see it, for a picture that is not there. */
export function initial(name: string): string {
  const segments = new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(name.trim());
  return segments[Symbol.iterator]().next().value?.segment ?? '?';
}

/** A steady number out of a text, for colours. */
export function hue(text: string): number {
  let hash = 7;
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % 8;
}
