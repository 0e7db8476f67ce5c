// The settings of a bot channel as the form has them. Its secret is never read back: empty means that it stays.

import type { BotChannelSettings } from '../types';

export const FRESH = { name: '', endpoint_url: '', secret: '' };
export type Draft = typeof FRESH;

export const draftOf = (stored: BotChannelSettings): Draft => ({
  name: stored.name,
  endpoint_url: stored.endpoint_url,
  secret: '',
});

/** Another secret: 32 bytes of chance, as Standard Webhooks writes them. */
export function drawn(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}
