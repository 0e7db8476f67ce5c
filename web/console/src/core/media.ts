// Pictures, films, recordings and files of a timeline: which stand together, and which can be looked at. Pure.

import type { Content, File, Message } from './protocol';

export type Medium = Extract<Content, { type: 'image' | 'video' | 'audio' | 'file' }>;

export const mediumOf = (message: Pick<Message, 'content' | 'taken_back'>): Medium | null =>
  !message.taken_back && 'file' in message.content ? message.content : null;

/** The set of pictures that a message belongs to; messages of one set are shown as one. */
export function setOf(message: Message): string | null {
  const { content } = message;
  return content.type === 'image' && !message.taken_back && content.set && content.set.total > 1
    ? content.set.id
    : null;
}

/** Neighbours of one set become one list, in the order in which they were sent together; all others stand alone. */
export function grouped(messages: readonly Message[]): Message[][] {
  const groups: Message[][] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    const set = setOf(message);
    const first = last?.[0];
    if (set !== null && last && first && setOf(first) === set && first.direction === message.direction) {
      last.push(message);
    } else {
      groups.push([message]);
    }
  }
  for (const group of groups) if (group.length > 1) group.sort((a, b) => place(a) - place(b));
  return groups;
}

const place = (message: Message) => (message.content.type === 'image' ? (message.content.set?.index ?? 0) : 0);

export type Shown = { number: number; file: File; at: string; name: string | null };

/** The pictures of a timeline that can be enlarged, in order. */
export function gallery(messages: readonly Message[]): Shown[] {
  const found: Shown[] = [];
  for (const message of messages) {
    const medium = mediumOf(message);
    if (medium?.type !== 'image' || !medium.file) continue;
    found.push({ number: message.number, file: medium.file, at: message.at, name: medium.name ?? null });
  }
  return found;
}

const KIB = 1024;

/** A size as people say it. */
export function bytes(count: number): string {
  if (count < KIB) return `${count} B`;
  if (count < KIB * KIB) return `${Math.round(count / KIB)} KB`;
  const mib = count / KIB / KIB;
  return `${mib < 10 ? mib.toFixed(1).replace(/\.0$/, '') : Math.round(mib)} MB`;
}

/** A customer's name for a file, without the signs that no disk takes or that mean a folder. */
export const fileName = (name: string | undefined): string =>
  (name ?? '')
    .replaceAll(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, '_')
    .replace(/^\.+/, '')
    .slice(0, 200);

/** How long something plays, as `1:05` or `1:02:03`. */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (count: number) => String(count).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** Where a place is on a map that opens in a tab of its own. */
export const mapOf = (latitude: number, longitude: number): string =>
  `https://www.google.com/maps/search/?api=1&query=${latitude.toFixed(6)}%2C${longitude.toFixed(6)}`;
