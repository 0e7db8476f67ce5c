// The settings of a LINE account as the form has them. A secret is never read back: empty means that it stays.

import type { LineSettings } from '../types';

export type Draft = {
  mode: LineSettings['mode'];
  when_quota_empty: LineSettings['when_quota_empty'];
  token_kind: LineSettings['token_kind'];
  channel_secret: string;
  channel_access_token: string;
  channel_id: string;
  assertion_kid: string;
  assertion_key: string;
  leave_groups: boolean;
  show_agent_name: boolean;
  mark_as_read: boolean;
  loading: boolean;
  api_base_url: string;
  api_data_base_url: string;
};

export const FRESH: Draft = {
  mode: 'reply',
  when_quota_empty: 'hold',
  token_kind: 'long_lived',
  channel_secret: '',
  channel_access_token: '',
  channel_id: '',
  assertion_kid: '',
  assertion_key: '',
  leave_groups: true,
  show_agent_name: false,
  mark_as_read: true,
  loading: true,
  api_base_url: '',
  api_data_base_url: '',
};

/** What is stored, with nothing in the fields of secrets. */
export const draftOf = (settings: LineSettings): Draft => ({
  mode: settings.mode,
  when_quota_empty: settings.when_quota_empty,
  token_kind: settings.token_kind,
  channel_secret: '',
  channel_access_token: '',
  channel_id: settings.channel_id,
  assertion_kid: settings.assertion_kid,
  assertion_key: '',
  leave_groups: settings.leave_groups,
  show_agent_name: settings.show_agent_name,
  mark_as_read: settings.mark_as_read,
  loading: settings.loading,
  api_base_url: settings.api_base_url,
  api_data_base_url: settings.api_data_base_url,
});

/** Without what was left empty: such a secret stays as it was, such an address is the platform's own. */
export function filled(draft: Partial<Draft>): Partial<Draft> {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== '')) as Partial<Draft>;
}
