// What 詳細設定 changes: three things that the server keeps apart, in one form.

import { ask } from '../../app/rest';
import { same } from '../../core/form';
import type { WindowSettings } from '../../core/protocol';
import { DAYS, type TimeRange, tidy, wrongRange } from '../../core/week';
import type { Answers, Hours, Week } from '../types';

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
export const TEXT = 500;

export type Draft = { hours: Hours; answers: Answers; settings: WindowSettings };

/** The fields that a refusal may name. */
export const FIELDS: readonly string[] = [
  ...DAYS.map((day) => `week.${day}`),
  'holidays',
  'time_zone',
  'greeting',
  'absence',
  'offline.text',
  'end.notice',
  'end.after_silence_ms',
  'end.words',
  'auto_close_ms',
  'handover_timeout_ms',
  'seat_claimable_ms',
  'seat_expiry_ms',
];

const path = (window: string) => `/windows/${encodeURIComponent(window)}`;

export async function load(window: string, settings: WindowSettings): Promise<Draft> {
  const [hours, answers] = await Promise.all([
    ask<Hours>('GET', `${path(window)}/hours`),
    ask<Answers>('GET', `${path(window)}/answers`),
  ]);
  return { hours, answers, settings };
}

/** The hours as they are sent: every day in order. */
export function tidied(hours: Hours): Hours {
  const week = Object.fromEntries(DAYS.map((day) => [day, tidy(hours.week[day])])) as Week;
  const holidays = hours.holidays && { ...hours.holidays, ranges: tidy(hours.holidays.ranges) };
  return { ...hours, week, holidays };
}

/** Days with a range that cannot be. */
export function wrongDays(hours: Hours): string[] {
  const isWrong = (ranges: readonly TimeRange[]) => ranges.some((_, index) => wrongRange(ranges, index) !== null);
  const found: string[] = DAYS.filter((day) => isWrong(hours.week[day])).map((day) => `week.${day}`);
  return hours.holidays && isWrong(hours.holidays.ranges) ? [...found, 'holidays'] : found;
}

/** Sends what differs, one after the other. `taken` hears of each part that is saved, also where a later one is refused. */
export async function store(window: string, saved: Draft, draft: Draft, taken: (now: Draft) => void): Promise<Draft> {
  let now = saved;
  const keep = (part: Partial<Draft>) => {
    now = { ...now, ...part };
    taken(now);
  };
  const hours = tidied(draft.hours);
  if (!same(hours, saved.hours)) {
    await ask('PUT', `${path(window)}/hours`, hours);
    keep({ hours });
  }
  if (!same(draft.answers, saved.answers)) {
    const { answers } = draft;
    await ask('PUT', `${path(window)}/answers`, answers);
    keep({ answers });
  }
  if (!same(draft.settings, saved.settings)) {
    const { settings } = draft;
    await ask('PATCH', `${path(window)}/settings`, settings);
    keep({ settings });
  }
  return now;
}
