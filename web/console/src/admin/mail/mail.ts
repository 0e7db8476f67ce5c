// The settings of a window's mail as the form has them. An empty text stands for "the window's own".

import type { MailSettings } from '../types';

export type Draft = { enabled: boolean; sender: string; sender_name: string; quote: boolean; signature: string };

export const draftOf = (stored: MailSettings): Draft => ({
  enabled: stored.enabled,
  sender: stored.sender ?? '',
  sender_name: stored.sender_name ?? '',
  quote: stored.quote,
  signature: stored.signature,
});

/** The part of an address behind the `@`. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** Domains of company addresses that nobody has added yet, each once. */
export const lacking = (addresses: readonly string[], known: readonly string[]): string[] => [
  ...new Set(addresses.map(domainOf).filter((domain) => !known.includes(domain))),
];
