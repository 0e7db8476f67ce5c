// What an account can carry, applied to what an agent wants to send: the server's own rules, told before sending. Pure.

import type { Action, ButtonsRule, Capabilities, Conversation, Length, NewContent, Upload } from './protocol';

/** How long a text is in the platform's own count. */
export function measure(text: string, { unit }: Pick<Length, 'unit'>): number {
  if (unit === 'utf16') return text.length;
  let count = 0;
  for (const _ of new Intl.Segmenter('ja', { granularity: 'grapheme' }).segment(text)) count += 1;
  return count;
}

/** What is left of a length; negative when there is too much. */
export const room = (text: string, length: Length): number => length.most - measure(text, length);

/** Whether something has been written and is not too long. */
export const fits = (text: string, length: Length): boolean => text.trim() !== '' && room(text, length) >= 0;

export type Kind = Upload['kind'];
export type WhyNot = { why: 'too_large'; mostBytes: number } | { why: 'not_carried' } | { why: 'empty' };

/** The largest upload that the server takes, in bytes; pictures are made smaller there. */
export const UPLOAD_BYTES = 200 * 1024 * 1024;

/** What a file will be taken for, by its media type. The server looks at the bytes and has the last word. */
export function guess(mime: string): Kind {
  const family = mime.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'file';
}

/** Why a file cannot be sent, before any of it is sent; null when it may be tried. */
export function mayUpload(can: Capabilities, file: { mime: string; bytes: number }): WhyNot | null {
  if (file.bytes === 0) return { why: 'empty' };
  const kind = guess(file.mime);
  const rules = [can[kind], can.file].filter((it) => it !== null);
  if (rules.length === 0) return { why: 'not_carried' };
  // A picture is converted to what is carried; only the upload itself has a limit.
  const most = kind === 'image' ? UPLOAD_BYTES : Math.max(...rules.map((rule) => rule.most_bytes));
  const mostBytes = Math.min(most, UPLOAD_BYTES);
  return file.bytes > mostBytes ? { why: 'too_large', mostBytes } : null;
}

/** An upload as the message that it becomes: as what it is, else as a file, else not at all. */
export function carried(can: Capabilities, upload: Upload): { content: NewContent; asLink: boolean } | WhyNot {
  const kinds: Kind[] = upload.kind === 'file' ? ['file'] : [upload.kind, 'file'];
  let most = -1;
  for (const kind of kinds) {
    const rule = can[kind];
    if (!rule) continue;
    if (rule.formats.length > 0 && !rule.formats.includes(upload.mime)) continue;
    // A recording whose length nobody knows cannot be shown as one.
    if (kind === 'audio' && upload.duration_ms === null) continue;
    most = Math.max(most, rule.most_bytes);
    if (upload.bytes > rule.most_bytes) continue;
    const content: NewContent = { type: kind, file: upload.id, ...(upload.name ? { name: upload.name } : {}) };
    return { content, asLink: rule.as_link };
  }
  return most < 0 ? { why: 'not_carried' } : { why: 'too_large', mostBytes: most };
}

/** A button that says what stands on it. */
export const saying = (label: string): Action => ({ label, does: 'say', text: label });

/** What is wrong with a button; null when it may be sent. */
export function wrongButton(action: Action, rule: ButtonsRule): 'label' | 'text' | 'url' | null {
  if (!fits(action.label, rule.label)) return 'label';
  if (action.does === 'say' && !fits(action.text ?? '', rule.text)) return 'text';
  if (action.does === 'open' && !opens(action.url ?? '', rule)) return 'url';
  return null;
}

function opens(url: string, rule: ButtonsRule): boolean {
  if (!fits(url, rule.url) || !/^[\x21-\x7e]+$/.test(url)) return false;
  return rule.schemes.some((it) => url.length > it.length && url.startsWith(it));
}

export type Going =
  /** Free of charge, for so many seconds more. */
  | { is: 'free'; seconds: number }
  /** As a message that is counted. */
  | { is: 'paid' }
  /** It waits until the customer writes again (未送信). */
  | { is: 'waits' };

/** How an answer would go if it were sent now. `nowMs` is the server's time. */
export function going(
  row: Pick<Conversation, 'free_answer_until'>,
  can: Pick<Capabilities, 'free_answers' | 'paid_answers'>,
  nowMs: number,
): Going {
  const left = row.free_answer_until ? Date.parse(row.free_answer_until) - nowMs : 0;
  if (can.free_answers && left > 0) return { is: 'free', seconds: Math.ceil(left / 1000) };
  return can.paid_answers ? { is: 'paid' } : { is: 'waits' };
}

/** A place out of what people copy: two numbers, or the address of a map. */
export function placeIn(text: string): { latitude: number; longitude: number } | null {
  const found =
    /[@=/](-?\d{1,2}\.\d+)(?:,|%2C)\s*(-?\d{1,3}\.\d+)/i.exec(text) ??
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,、\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  const latitude = Number(found?.[1]);
  const longitude = Number(found?.[2]);
  return found && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}
