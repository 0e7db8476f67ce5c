// A bot's settings as the form has them.

import type { AdminTexts } from '../i18n/ja';
import type { Bot, BotTrouble } from '../types';

export type Draft = {
  name: string;
  endpoint_url: string;
  which: 'all' | 'some';
  inboxes: string[];
  greets: boolean;
  answer_within_ms: number;
  enabled: boolean;
};

export const FRESH: Draft = {
  name: '',
  endpoint_url: '',
  which: 'all',
  inboxes: [],
  greets: false,
  answer_within_ms: 30_000,
  enabled: true,
};

export const draftOf = (stored: Bot): Draft => ({
  name: stored.name,
  endpoint_url: stored.endpoint_url,
  which: stored.inboxes.length > 0 ? 'some' : 'all',
  inboxes: [...stored.inboxes].sort(),
  greets: stored.greets,
  answer_within_ms: stored.answer_within_ms,
  enabled: stored.enabled,
});

/** As it is sent; no inboxes stand for every account of the window. */
export const send = ({ which, inboxes, name, endpoint_url, ...rest }: Draft) => ({
  ...rest,
  name: name.trim(),
  endpoint_url: endpoint_url.trim(),
  inboxes: which === 'all' ? [] : inboxes,
});

/** Why a bot did not take something, in words. */
export const troubleIn = (w: AdminTexts['bots'], trouble: BotTrouble): string =>
  trouble.reason === 'answered' ? w.trouble.answered(trouble.status) : w.trouble[trouble.reason];
