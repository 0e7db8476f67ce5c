// The settings of a LINE WORKS bot as the form has them. A secret is never read back: empty means that it stays.

import type { LineWorksSettings } from '../types';

export const FRESH = {
  which: 'own' as 'own' | 'make',
  client_id: '',
  client_secret: '',
  service_account: '',
  private_key: '',
  bot_id: '',
  bot_secret: '',
  domain_id: '',
  calls_a_minute: 240,
  picture_url: '',
  administrators: '',
  description: '',
  api_base_url: '',
  auth_base_url: '',
};
export type Draft = typeof FRESH;

export const draftOf = (stored: LineWorksSettings): Draft => ({
  ...FRESH,
  client_id: stored.client_id,
  service_account: stored.service_account,
  bot_id: stored.bot_id,
  domain_id: stored.domain_id,
  calls_a_minute: stored.calls_a_minute,
  api_base_url: stored.api_base_url,
  auth_base_url: stored.auth_base_url,
});

const filled = (values: object) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== undefined));

/** For a new account: with the bot that exists, or with the one to be made. */
export function asNew(draft: Draft): object {
  const { which, bot_id, bot_secret, picture_url, administrators, description, ...rest } = draft;
  if (which === 'own') return filled({ ...rest, bot_id, bot_secret });
  const make_bot = { picture_url, administrators: administrators.split(/[\s,]+/).filter((it) => it !== '') };
  return { ...filled(rest), make_bot: { ...make_bot, ...(description ? { description } : {}) } };
}

/** What is changed of one that is there. Addresses may be emptied, secrets not. */
export function patched(changed: Partial<Draft>): object {
  const { which, picture_url, administrators, description, client_secret, private_key, bot_secret, ...rest } = changed;
  return { ...rest, ...filled({ client_secret, private_key, bot_secret }) };
}
