// What forms have in common: counting as people count, telling what was changed, and where a refusal belongs. Pure.

import type { Problem } from './protocol';

/** Characters as people see them. */
export function graphemes(text: string): number {
  let count = 0;
  for (const _ of new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(text)) count += 1;
  return count;
}

/** Whether two values say the same: order of fields and missing ones that are undefined do not count. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name], other[name]));
}

/** What differs from the saved value, as a patch: only the fields that changed. */
export function patch<T extends object>(saved: T, draft: T): Partial<T> {
  const changed = (Object.keys(draft) as (keyof T)[]).filter((name) => !same(saved[name], draft[name]));
  return Object.fromEntries(changed.map((name) => [name, draft[name]])) as Partial<T>;
}

/** What the server calls some fields of forms, where it is about something taken or full. */
const ALIASES: Readonly<Record<string, string>> = {
  'window id': 'id',
  'window name': 'name',
  'windows of this product': 'product',
};

/** The field of a form that a refusal names: `settings.mode` is the form's `mode` where it has no `settings.mode`. */
export function fieldOf(problem: Pick<Problem, 'field'>, known: readonly string[]): string | null {
  const told = problem.field ?? '';
  const named = (ALIASES[told] ?? told).replace(/\[(\d+)\]/g, '.$1');
  if (named === '') return null;
  const parts = named.split('.');
  for (let from = 0; from < parts.length; from++) {
    for (let to = parts.length; to > from; to--) {
      const found = parts.slice(from, to).join('.');
      if (known.includes(found)) return found;
    }
  }
  return null;
}
