// One line about a message or about what happened; plain text, so that nothing a customer writes is ever markup.

import { desk } from '../app/desk.svelte';
import type { Event, Message } from '../core/protocol';
import { en } from '../i18n/en';
import { ja, type Texts } from '../i18n/ja';

export const kindOf = (kind: string, t: Texts): string => (t.kind as Record<string, string>)[kind] ?? t.kind.other;

/** Whether a summary only names the kind, in whatever language, and so adds nothing to our own word for it. */
export const namesKind = (summary: string, kind: string): boolean =>
  [ja, en].some((texts) => (texts.kind as Record<string, string>)[kind] === summary);

/** A message in the list. */
export function summary(message: Message, t: Texts): string {
  const { content } = message;
  if (message.taken_back) return t.thread.takenBack;
  if (message.deleted) return t.thread.deleted;
  if (content.type === 'text') return content.text.slice(0, 200);
  if (content.type === 'redacted') return t.thread.redacted;
  if (content.type === 'native') return `[${t.kind.native}] ${content.alt_text}`;
  const kind = `[${kindOf(content.type === 'other' ? content.kind : content.type, t)}]`;
  const more = moreOf(content);
  return more ? `${kind} ${more}`.slice(0, 200) : kind;
}

/** What tells a message without words from others of its kind. */
function moreOf(content: Message['content']): string {
  switch (content.type) {
    case 'sticker':
      return content.text ?? '';
    case 'file':
      return content.name ?? '';
    case 'location':
      return content.title ?? content.address ?? '';
    case 'cards':
      return content.cards[0]?.title ?? content.cards[0]?.text ?? '';
    default:
      return '';
  }
}

/** What happened to a conversation. */
export function happened(event: Event, t: Texts): string {
  const name = (agent: string | null) => desk.name(agent);
  const { line } = t;
  switch (event.type) {
    case 'reopened':
      return line.reopened;
    case 'claimed':
      switch (event.how.type) {
        case 'started':
          return line.started(name(event.agent));
        case 'resumed':
          return line.resumed(name(event.agent));
        case 'handed_over':
          return line.handedOver(name(event.agent), name(event.how.from));
        default:
          return line.takenOver(name(event.agent), name(event.how.from), event.how.reason ?? '');
      }
    case 'released':
      return {
        returned: line.released,
        away: line.releasedAway,
        logged_out: line.releasedLogout,
        left_window: line.releasedLeft,
      }[event.cause](name(event.agent));
    case 'completed':
      return event.by === null ? line.completedAuto : line.completed(name(event.by));
    case 'ended':
      return event.how === 'silence' ? line.endedBySilence : line.endedByCustomer;
    case 'handover_offered':
      return line.offered(name(event.offer.from), name(event.offer.to));
    case 'handover_ended':
      return {
        declined: line.declined,
        timed_out: line.timedOut,
        withdrawn: line.withdrawn,
        overtaken: line.overtaken,
      }[event.how];
    case 'assigned': {
      const by = event.by === null ? line.somebody : name(event.by);
      return event.assignee === null ? line.unassigned(by) : line.assigned(by, name(event.assignee));
    }
    case 'holder_away': {
      const row = desk.state.rows.get(event.conversation);
      return line.away(row?.seat ? name(row.seat.agent) : line.somebody);
    }
    case 'holder_returned': {
      const row = desk.state.rows.get(event.conversation);
      return line.returned(row?.seat ? name(row.seat.agent) : line.somebody);
    }
    case 'seat_claimable':
      return line.claimable;
    case 'bot_seated':
      if (event.how.type === 'started') return line.botStarted;
      return event.how.type === 'returned' ? line.botReturned(name(event.how.from)) : line.botReplayed;
    case 'bot_released':
      return {
        handed_over: line.botHandedOver,
        timed_out: line.botTimedOut,
        failed: line.botFailed,
        behind: line.botBehind,
        detached: line.botDetached,
      }[event.cause];
    case 'bot_completed':
      return line.botCompleted;
    case 'set_aside':
      return line.setAside;
    case 'taken_back':
      return line.takenBack;
    default:
      return '';
  }
}
