// How one event moves a timeline. Pure, and safe to repeat on a timeline that is ahead of the event: a page that was
// fetched may know more than the events that are still on their way.

import type { Event, File, MediaLoss, Message } from './protocol';
import type { Line } from './state';

/** Lines of one thread that are kept; the oldest go first. */
const LINES = 200;

const redacted = { type: 'redacted' } as const;

/** The messages after the event; the same list where nothing changes. */
export function moveMessages(messages: readonly Message[], event: Event): readonly Message[] {
  switch (event.type) {
    case 'received':
    case 'queued':
    case 'note_added':
      return add(messages, event.message);
    case 'send_started':
      return change(messages, event.number, (it) => (waits(it) ? { ...it, state: 'sending' } : it));
    case 'send_abandoned':
      return change(messages, event.number, (it) => (it.state === 'sending' ? { ...it, state: 'queued' } : it));
    case 'held_back':
      return change(messages, event.number, (it) =>
        waits(it) || it.state === 'sending' ? { ...it, state: 'unsent' } : it,
      );
    case 'edited':
      return change(messages, event.number, (it) =>
        it.taken_back ? it : { ...it, content: event.content, edited: true },
      );
    case 'media_stored':
      return change(messages, event.number, (it) => medium(it, event.file, null));
    case 'media_lost':
      return change(messages, event.number, (it) => medium(it, null, event.why));
    case 'sent':
      return change(messages, event.number, (it) => {
        const { free: _, ...rest } = it;
        return event.free ? { ...rest, state: 'sent', free: true } : { ...rest, state: 'sent' };
      });
    case 'failed':
      return change(messages, event.number, (it) => ({ ...it, state: 'failed', failure: event.failure }));
    case 'unknown':
      return change(messages, event.number, (it) => ({ ...it, state: 'unknown' }));
    case 'cancelled':
    case 'lapsed':
      return change(messages, event.number, (it) => ({ ...it, state: 'cancelled' }));
    case 'note_edited':
      return change(messages, event.number, (it) =>
        it.deleted ? it : { ...it, content: event.content, edited: true },
      );
    case 'note_deleted':
      return change(messages, event.number, (it) => ({ ...it, content: redacted, deleted: true }));
    case 'unsent':
      return event.number === null
        ? messages
        : change(messages, event.number, (it) => ({ ...it, content: redacted, taken_back: true }));
    default:
      return messages;
  }
}

const waits = (message: Message): boolean => message.state === 'queued' || message.state === 'unsent';

/** What is known of its bytes by now; a message that is no medium any more stays as it is. */
function medium(message: Message, file: File | null, lost: MediaLoss | null): Message {
  const { content } = message;
  if (!('file' in content)) return message;
  const { lost: _, ...rest } = content;
  return { ...message, content: lost ? { ...rest, lost } : { ...rest, file } };
}

/** Puts a message in its place. One that is there already knows at least as much. */
export function add(messages: readonly Message[], message: Message): readonly Message[] {
  const last = messages.at(-1);
  if (last === undefined || last.number < message.number) return [...messages, message];
  const index = messages.findIndex((it) => it.number >= message.number);
  if (messages[index]?.number === message.number) return messages;
  return messages.toSpliced(index, 0, message);
}

/** Both pages as one; where both know a message, the first list's stays. */
export function join(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const numbers = new Set(known.map((it) => it.number));
  return [...page.filter((it) => !numbers.has(it.number)), ...known].sort((a, b) => a.number - b.number);
}

function change(messages: readonly Message[], number: number, how: (message: Message) => Message): readonly Message[] {
  const index = messages.findLastIndex((it) => it.number === number);
  const found = messages[index];
  if (!found) return messages;
  const changed = how(found);
  return changed === found ? messages : messages.with(index, changed);
}

/** Whether the thread shows a line for it. That starting made somebody responsible goes without saying. */
export function isLine(event: Event): boolean {
  switch (event.type) {
    case 'reopened':
    case 'claimed':
    case 'released':
    case 'completed':
    case 'ended':
    case 'handover_offered':
    case 'handover_ended':
    case 'holder_away':
    case 'holder_returned':
    case 'seat_claimable':
    case 'set_aside':
    case 'taken_back':
    case 'bot_seated':
    case 'bot_released':
    case 'bot_completed':
      return true;
    case 'assigned':
      return event.by !== null;
    default:
      return false;
  }
}

export const addLine = (lines: readonly Line[], line: Line): readonly Line[] =>
  lines.some((it) => it.key === line.key) ? lines : [...lines, line].slice(-LINES);
