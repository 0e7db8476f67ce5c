// What an account of any channel is called.

import type { AdminTexts } from '../i18n/ja';
import type { Inbox } from '../types';

export function titleOf(inbox: Inbox, w: AdminTexts): string {
  if (inbox.kind === 'line') return w.line.title;
  if (inbox.kind === 'lineworks') return `${w.works.title} (${inbox.settings.bot_id})`;
  if (inbox.kind === 'bot') return `${w.botChannel.title} (${inbox.settings.name})`;
  return inbox.kind === 'mail' ? w.mail.title : inbox.kind;
}
