// What messages hold, and what a channel carries, as it travels.

import { flag, kinds, list, maybe, number, object, orNull, text, word } from '../shape';

export const Channel = word('line', 'lineworks', 'mail', 'bot');
export const MediaLoss = word('too_large', 'gone', 'never_ready', 'refused', 'unsafe_address');
export const File = object({
  id: text,
  url: text,
  preview_url: orNull(text),
  mime: text,
  bytes: number,
  width: maybe(number),
  height: maybe(number),
});
const medium = {
  file: orNull(File),
  lost: maybe(MediaLoss),
  name: maybe(text),
  bytes: maybe(number),
  duration_ms: maybe(number),
  set: maybe(object({ id: text, index: number, total: number })),
};
export const Action = object({
  label: text,
  does: word('say', 'postback', 'open'),
  text: maybe(text),
  data: maybe(text),
  display: maybe(text),
  url: maybe(text),
});
const Card = object({ title: maybe(text), text, image: maybe(File), actions: list(Action) });

export const MailParty = object({ name: text, address: text });
export const MailProof = word('none', 'forwarded', 'proven');
export const MailMark = word(
  'automatic',
  'auto_reply',
  'no_auto_reply',
  'list',
  'signed',
  'encrypted',
  'partial',
  'oversize',
  'html',
  'stranger',
  'quote',
  'forwarded',
);
const mail = {
  subject: text,
  from: MailParty,
  reply_to: maybe(list(MailParty)),
  to: list(MailParty),
  cc: maybe(list(MailParty)),
  text,
  cut: flag,
  attachments: maybe(list(object({ name: text, mime: text, bytes: number, inline: maybe(flag), url: orNull(text) }))),
  proof: MailProof,
  marks: maybe(list(MailMark)),
  whole_url: orNull(text),
};
export const Mail = object(mail);
export const WholeMail = object({
  text,
  html_url: orNull(text),
  remote_pictures: flag,
  original_url: text,
  header: text,
  invitation: orNull(
    object({
      title: text,
      starts: text,
      ends: text,
      zone: text,
      place: text,
      organiser: text,
      cancelled: flag,
    }),
  ),
});

export const Content = kinds('type', {
  text: { text },
  other: { kind: text, summary: text },
  redacted: {},
  sticker: { package_id: text, sticker_id: text, text: maybe(text) },
  image: medium,
  video: medium,
  audio: medium,
  file: medium,
  location: { title: maybe(text), address: maybe(text), latitude: number, longitude: number },
  cards: { cards: list(Card) },
  native: { alt_text: text },
  mail,
});

const newMedium = { file: text, name: maybe(text), duration_ms: maybe(number) };
const NewCard = object({ title: maybe(text), text, image: maybe(text), actions: list(Action) });
/** What an agent says. Messages in a platform's own language are for programs; no desk writes them. */
export const NewContent = kinds('type', {
  text: { text },
  sticker: { package_id: text, sticker_id: text },
  image: newMedium,
  video: newMedium,
  audio: newMedium,
  file: newMedium,
  location: { title: maybe(text), address: maybe(text), latitude: number, longitude: number },
  cards: { cards: list(NewCard) },
  mail: { text, files: list(text), quote: maybe(flag) },
});

export const Upload = object({
  ...File.fields,
  kind: word('image', 'video', 'audio', 'file'),
  name: orNull(text),
  duration_ms: orNull(number),
});

/** How a platform counts, and how much of it there may be. */
export const Length = object({ most: number, unit: word('utf16', 'graphemes') });
export const MediaRule = object({ formats: list(text), most_bytes: number, as_link: flag });
export const ButtonsRule = object({
  most: number,
  label: Length,
  text: Length,
  data: Length,
  display: Length,
  url: Length,
  schemes: list(text),
});
const CardRule = object({ text: Length, text_beside: Length, actions: ButtonsRule });
/** What an account can carry; null is what it cannot. */
export const Capabilities = object({
  channel: Channel,
  text: Length,
  stickers: list(object({ package_id: text, sticker_ids: list(text) })),
  image: orNull(MediaRule),
  video: orNull(MediaRule),
  audio: orNull(MediaRule),
  file: orNull(MediaRule),
  location: orNull(object({ title: Length, address: Length })),
  cards: orNull(object({ most: number, title: Length, alone: CardRule, among: CardRule })),
  native: orNull(
    object({ kind: text, alt_text: Length, most_bytes_one: number, most_bytes_several: number, most_parts: number }),
  ),
  quick_replies: orNull(ButtonsRule),
  messages_a_call: number,
  free_answers: flag,
  paid_answers: flag,
  metered: flag,
  features: object({
    unsend: flag,
    edit: flag,
    react: flag,
    delivered: flag,
    seen: flag,
    typing: flag,
    mark_read: flag,
    first_contact: flag,
    mail: flag,
  }),
});
