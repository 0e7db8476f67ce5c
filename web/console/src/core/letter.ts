// What is read out of a mail for its reader: which lines it quotes, and when an invitation is. Pure.

import type { Lang } from './format';

/** A run of lines that somebody wrote, or that they quote. */
export type Run = { quoted: boolean; text: string; lines: number };

/** A text cut into what was written and what is quoted; a line before a quote that names its author goes with it. */
export function runs(text: string): Run[] {
  const found: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quoted = /^\s*>/.test(line);
    const last = found.at(-1);
    if (last?.quoted === quoted) last.lines.push(line);
    // An empty line between two quotes belongs to them.
    else if (last?.quoted && line.trim() === '') last.lines.push(line);
    else found.push({ quoted, lines: [line] });
  }
  return found.map(({ quoted, lines }) => ({ quoted, text: lines.join('\n').trimEnd(), lines: lines.length }));
}

const STAMP = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/;
const locale = (lang: Lang) => (lang === 'ja' ? 'ja-JP' : 'en-GB');

/** A moment of a calendar: in the reader's own time where it is said in UTC, else as it is written. */
function read(stamp: string, lang: Lang, timeZone: string | undefined): { day: string; time: string } | null {
  const found = STAMP.exec(stamp);
  if (!found) return null;
  const [year = 0, month = 1, day = 1, hour, minute = 0, second = 0] = found.slice(1, 7).map((it) => it && Number(it));
  const at = new Date(Date.UTC(+year, +month - 1, +day, +(hour ?? 0), +minute, +second));
  if (Number.isNaN(at.getTime())) return null;
  const zone = { timeZone: found[7] === 'Z' ? timeZone : 'UTC' };
  const date = { year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' } as const;
  return {
    day: at.toLocaleDateString(locale(lang), { ...date, ...zone }),
    time:
      hour === undefined ? '' : at.toLocaleTimeString(locale(lang), { hour: '2-digit', minute: '2-digit', ...zone }),
  };
}

/** From when to when something is, as a calendar writes it. What cannot be read stays as it is. */
export function period(starts: string, ends: string, lang: Lang, timeZone?: string): string {
  const from = read(starts, lang, timeZone);
  const to = read(ends, lang, timeZone);
  if (!from) return ends === '' || ends === starts ? starts : `${starts} – ${ends}`;
  const first = `${from.day} ${from.time}`.trim();
  if (!to) return ends === '' ? first : `${first} – ${ends}`;
  const last = to.day === from.day ? to.time : `${to.day} ${to.time}`.trim();
  return last === '' || last === from.time ? first : `${first} – ${last}`;
}
