// How accounts stand: what is said about them, and how loudly what is left of the month is shown. Pure.

import type { Standing, Trouble } from './protocol';

/** The most urgent first. */
const URGENCY: readonly Trouble[] = [
  'secret_unreadable',
  'token_refused',
  'unreachable',
  'wrong_signature',
  'quota_empty',
  'send_failed',
];
/** With these nothing reaches the customer, or nothing comes from them. */
const SEVERE: ReadonlySet<Trouble> = new Set<Trouble>(['secret_unreadable', 'token_refused', 'wrong_signature']);

/**
 * What has to be told of one account, or of all of them: each trouble once, the most urgent first. A month that runs low
 * is the meter's to show, and a word that this release does not know is left out.
 */
export function troubles(accounts: readonly Standing[], inbox: string | null): Trouble[] {
  const found = new Set<string>();
  for (const account of accounts) {
    if (inbox === null || account.inbox === inbox) for (const trouble of account.troubles) found.add(trouble);
  }
  return URGENCY.filter((trouble) => found.has(trouble));
}

export const isSevere = (trouble: Trouble): boolean => SEVERE.has(trouble);

export type Left = { count: number | null; level: 'calm' | 'low' | 'empty' };

/** What is left of an account's month; without a count where there is no limit or nobody knows. */
export function left(accounts: readonly Standing[], inbox: string): Left {
  const account = accounts.find((it) => it.inbox === inbox);
  if (!account) return { count: null, level: 'calm' };
  // The platform may refuse for want of messages before it tells that none is left: its refusal is the truer word.
  if (account.troubles.includes('quota_empty')) return { count: 0, level: 'empty' };
  return { count: account.remaining, level: account.troubles.includes('quota_low') ? 'low' : 'calm' };
}

/** What was asked this long ago is asked again. */
export const FRESH_MS = 60_000;
/** So soon after a question that broke off, or after something was sent before one's eyes. */
export const SOON_MS = 5_000;

/** Whether the sums of a month are to be asked for. `moved` says that a message went out since. */
export function isDue(asked: { at: number; moved: boolean } | undefined, now: number): boolean {
  if (!asked) return true;
  return now - asked.at >= (asked.moved ? SOON_MS : FRESH_MS);
}
