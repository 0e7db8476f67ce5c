// Opening hours as somebody types them. Times are `HH:MM` up to `24:00`; a range ends after it begins. Pure.

export type TimeRange = { from: string; to: string };
export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Day = (typeof DAYS)[number];
/** Ranges of one day. */
export const RANGES = 5;

/** What was typed as a time: `9`, `930`, `9:30` and `９：３０` are times too. Null where it is none. */
export function time(typed: string): string | null {
  const plain = typed.normalize('NFKC').trim().replace(/[時.]/g, ':').replace(/分$/, '').replace(/:$/, '');
  const found = /^(\d{1,2}):(\d{1,2})$/.exec(plain) ?? /^(\d{1,2})(\d{2})$/.exec(plain) ?? /^(\d{1,2})$/.exec(plain);
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2] ?? 0)];
  if (minutes > 59 || hours > 24 || (hours === 24 && minutes > 0)) return null;
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

export const minutesOf = (at: string): number => Number(at.slice(0, 2)) * 60 + Number(at.slice(3, 5));
const written = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

export type WrongRange = 'time' | 'order' | 'overlap';

/** What is wrong with a range among those of its day; null where nothing is. */
export function wrongRange(ranges: readonly TimeRange[], index: number): WrongRange | null {
  const range = ranges[index];
  if (!range) return null;
  const [from, to] = [time(range.from), time(range.to)];
  if (from === null || to === null || from === '24:00') return 'time';
  if (minutesOf(from) >= minutesOf(to)) return 'order';
  const meets = ranges.some((other, at) => {
    const [start, end] = [time(other.from), time(other.to)];
    if (at === index || start === null || end === null) return false;
    return minutesOf(start) < minutesOf(to) && minutesOf(from) < minutesOf(end);
  });
  return meets ? 'overlap' : null;
}

/** One more range: after the last one, or office hours on a day that has none. */
export function another(ranges: readonly TimeRange[]): TimeRange {
  const ends = ranges.map(({ to }) => time(to)).filter((to) => to !== null);
  const last = Math.max(0, ...ends.map(minutesOf));
  if (ranges.length === 0) return { from: '09:00', to: '18:00' };
  const from = Math.min(last + 60, 23 * 60);
  return { from: written(from), to: written(Math.min(from + 240, 24 * 60)) };
}

/** In the order of the day, and each time written in full. */
export const tidy = (ranges: readonly TimeRange[]): TimeRange[] =>
  ranges
    .map(({ from, to }) => ({ from: time(from) ?? from, to: time(to) ?? to }))
    .sort((a, b) => a.from.localeCompare(b.from));
