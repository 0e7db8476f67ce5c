// What travels between server and console, field by field. The Rust side of it is `protocol/src`.

import { flag, kinds, list, maybe, number, object, orNull, text, word } from './shape';
import { Action, Channel, Content, File, MailParty, MediaLoss, NewContent } from './wire/content';

export * from './wire/content';

export const Role = word('agent', 'supervisor', 'administrator', 'owner');
export const Presence = word('available', 'away', 'wrap_up', 'offline');
export const Status = word('new', 'in_progress', 'done');
export const Direction = word('inbound', 'outbound', 'note', 'system');
export const MessageState = word(
  'received',
  'queued',
  'sending',
  'unsent',
  'sent',
  'delivered',
  'read',
  'failed',
  'unknown',
  'cancelled',
);

export const Failure = kinds('reason', {
  refused: { status: number, detail: text },
  unauthorised: { status: number },
  quota_empty: {},
  gave_up: {},
  inbox_gone: {},
});

/** One recipient's copy of an answer. */
export const Copy = object({
  to: text,
  state: word('queued', 'sending', 'delayed', 'sent', 'delivered', 'failed', 'unknown'),
  code: maybe(number),
  detail: maybe(text),
  tries: number,
  next_at: maybe(text),
});

/** What an answer by mail carries whatever its author writes. */
export const MailHead = object({
  from: MailParty,
  to: list(MailParty),
  cc: list(MailParty),
  subject: text,
  signature: text,
  quote: flag,
  quoted: text,
  max_file: number,
  max_files: number,
});

export const Message = object({
  id: text,
  number,
  direction: Direction,
  content: Content,
  state: orNull(MessageState),
  agent: orNull(text),
  bot: maybe(flag),
  client_id: orNull(text),
  at: text,
  late: maybe(flag),
  taken_back: maybe(flag),
  edited: maybe(flag),
  deleted: maybe(flag),
  free: maybe(flag),
  failure: maybe(Failure),
  quick_replies: maybe(list(Action)),
  copies: maybe(list(Copy)),
  automatic: maybe(word('greeting', 'absence', 'closed_period', 'maintenance', 'offline', 'end')),
});

export const Offer = object({ from: text, to: text, expires_at: text, note: orNull(text) });
export const Away = object({ since: text, claimable_at: text, expires_at: text });
export const Seat = object({
  agent: orNull(text),
  epoch: number,
  offer: orNull(Offer),
  away: orNull(Away),
  claimable: flag,
});
export const ContactPoint = object({ id: text, name: orNull(text), picture_url: orNull(text), blocked: flag });

export const Conversation = object({
  id: text,
  window: text,
  inbox: text,
  channel: Channel,
  contact_point: ContactPoint,
  contact: orNull(object({ id: text, name: text })),
  status: Status,
  assignee: orNull(text),
  seat: orNull(Seat),
  former_holder: orNull(text),
  last_number: number,
  waiting_to_send: number,
  waiting_since: orNull(text),
  free_answer_until: orNull(text),
  subject: orNull(text),
  set_aside: flag,
  position: number,
  opened_at: text,
  updated_at: text,
});

export const Agent = object({
  id: text,
  login: text,
  name: text,
  role: Role,
  disabled: flag,
  created_at: text,
  icon_url: orNull(text),
});
export const MyWindow = object({ id: text, name: text, member: flag });
export const Me = object({ agent: Agent, windows: list(MyWindow) });
export const WindowMember = object({ id: text, name: text, role: Role, presence: Presence });
export const WindowPicture = object({ name: text, url: text });

export const WindowSettings = object({
  handover_timeout_ms: number,
  seat_claimable_ms: number,
  seat_expiry_ms: number,
  auto_close_ms: number,
  reply_budget_ms: number,
});

export const Code = word(
  'malformed',
  'invalid',
  'too_large',
  'unsupported_media_type',
  'unauthenticated',
  'wrong_credentials',
  'wrong_signature',
  'origin_refused',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'moved',
  'exists',
  'limit_reached',
  'seat_taken',
  'seat_stale',
  'seat_not_held',
  'client_id_reused',
  'not_a_member',
  'colleague_not_a_member',
  'no_offer',
  'needs_supervisor',
  'not_the_author',
  'not_waiting',
  'set_aside',
  'trial_over',
  'invitation_invalid',
  'unheard',
  'rate_limited',
  'overloaded',
  'disk_full',
  'catching_up',
  'interrupted',
  'stopping',
  'internal',
);

export const Problem = object({
  type: text,
  title: text,
  status: number,
  code: Code,
  detail: maybe(text),
  field: maybe(text),
  rule: maybe(text),
  limit: maybe(number),
  holder: maybe(object({ id: text, name: text })),
  epoch: maybe(number),
  window: maybe(text),
  retry_after_ms: maybe(number),
});

export const ClaimHow = kinds('type', {
  started: {},
  resumed: {},
  handed_over: { from: text },
  taken_over: { from: orNull(text), reason: orNull(text) },
});
export const ReleaseCause = word('returned', 'away', 'logged_out', 'left_window');
export const HandoverEnd = word('declined', 'timed_out', 'withdrawn', 'overtaken');

/** What somebody must see to about an account, the most urgent first. */
export const Trouble = word(
  'secret_unreadable',
  'token_refused',
  'unreachable',
  'wrong_signature',
  'quota_empty',
  'send_failed',
  'quota_low',
);
export const Standing = object({ inbox: text, troubles: list(Trouble), remaining: orNull(number) });
/** What a window sent in a month of Japan's calendar. */
export const Meter = object({
  window: text,
  month: text,
  free: number,
  paid: number,
  remaining: maybe(orNull(number)),
});

/** Whether a window is open now, and until when. */
export const Opening = object({
  state: word('open', 'closed', 'closed_period', 'maintenance'),
  next_change_at: orNull(text),
  opens_at: orNull(text),
  closed_period: maybe(text),
  holiday: maybe(text),
});
const ranges = list(object({ from: text, to: text }));
const Hours = object({
  time_zone: text,
  week: object({
    monday: ranges,
    tuesday: ranges,
    wednesday: ranges,
    thursday: ranges,
    friday: ranges,
    saturday: ranges,
    sunday: ranges,
  }),
  holidays: orNull(object({ calendar: word('japan'), ranges })),
  auto_close_in_business_days: flag,
});
const Answers = object({
  greeting: text,
  absence: text,
  offline: object({ text, shown: word('message', 'bar', 'card', 'balloon'), when_nobody_is_here: flag }),
  end: object({ notice: text, after_silence_ms: number, words: list(text) }),
});
/** A window's bot as desks know it; no inboxes stand for every account of the window. */
export const WindowBot = object({ name: text, inboxes: list(text) });
export const BotSeating = kinds('type', {
  started: {},
  returned: { from: text, note: orNull(text) },
  replayed: { by: text },
});
export const BotLeaving = word('handed_over', 'timed_out', 'failed', 'behind', 'detached');

const conversation = text;
export const Event = kinds('type', {
  opened: { conversation, inbox: text, channel: Channel, contact_point: ContactPoint },
  received: { conversation, message: Message, received_at: text, free_answer: maybe(flag) },
  reopened: { conversation },
  claimed: { conversation, agent: text, epoch: number, how: ClaimHow },
  released: { conversation, agent: text, cause: ReleaseCause },
  completed: { conversation, by: orNull(text) },
  handover_offered: { conversation, offer: Offer },
  handover_ended: { conversation, how: HandoverEnd },
  assigned: { conversation, assignee: orNull(text), by: orNull(text) },
  queued: { conversation, message: Message },
  send_started: { conversation, number, free: flag },
  free_answer_back: { conversation, received_at: text },
  held_back: { conversation, number },
  send_abandoned: { conversation, number },
  sent: { conversation, number, free: flag },
  failed: { conversation, number, failure: Failure },
  unknown: { conversation, number },
  cancelled: { conversation, number, by: text },
  note_added: { conversation, message: Message },
  note_edited: { conversation, number, content: Content },
  note_deleted: { conversation, number },
  holder_away: { conversation, away: Away },
  holder_returned: { conversation },
  seat_claimable: { conversation },
  unsent: { conversation, number: orNull(number) },
  name_seen: { conversation, name: text },
  picture_seen: { conversation, picture_url: orNull(text) },
  media_stored: { conversation, number, file: File },
  media_lost: { conversation, number, why: MediaLoss },
  edited: { conversation, number, content: Content },
  followed: { conversation, unblocked: flag, received_at: text, free_answer: maybe(flag) },
  unfollowed: { conversation },
  set_aside: { conversation },
  taken_back: { conversation, by: text },
  subject_seen: { conversation, subject: orNull(text) },
  copies_changed: { conversation, number, copies: list(Copy) },
  window_opened: { name: text, places: number },
  agent_added: { agent: text },
  agent_removed: { agent: text },
  settings_changed: { settings: WindowSettings },
  contact_point_seen: { contact_point: text, inbox: text },
  raw_accepted: {
    raw: text,
    inbox: text,
    received_at: text,
    reason: word('busy', 'unparsable', 'set_aside', 'loop', 'forwarder'),
  },
  raw_settled: { raw: text, how: word('interpreted', 'dismissed') },
  ended: { conversation, how: word('silence', 'customer') },
  lapsed: { conversation, number },
  hours_changed: { hours: Hours },
  answers_changed: { answers: Answers },
  closed_period_added: { period: object({ id: text, from: text, to: text, text }) },
  closed_period_removed: { period: text },
  maintenance_changed: { maintenance: object({ on: flag, text, since: orNull(text) }) },
  window_changed: { name: text, description: text, picture: orNull(WindowPicture) },
  places_changed: { places: number },
  window_reset: {},
  bot_seated: { conversation, epoch: number, how: BotSeating },
  bot_released: { conversation, cause: BotLeaving },
  bot_completed: { conversation },
  bot_changed: { bot: orNull(WindowBot) },
});

export const CommandDone = object({ conversation: Conversation, seat: orNull(Seat), message: maybe(Message) });

export const WindowCounters = object({
  window: text,
  new: number,
  waiting: number,
  oldest_waiting_since: orNull(text),
  in_progress: number,
  agents: list(object({ agent: text, held: number, presence: Presence })),
});

export const ServerFrame = kinds('type', {
  hello: { protocol: number, at: text, ping_ms: number, typing_ms: number, viewing_ms: number, message_bytes: number },
  me: Me.fields,
  snapshot: {
    window: text,
    stream: text,
    position: number,
    name: text,
    places: number,
    settings: WindowSettings,
    agents: list(WindowMember),
    raw_waiting: number,
    bot: orNull(WindowBot),
    conversations: list(Conversation),
    open_total: number,
    opening: Opening,
    description: text,
    picture: orNull(WindowPicture),
  },
  update: { window: text, stream: text, position: number, at: text, events: list(Event) },
  unwatched: { window: text, problem: maybe(Problem) },
  reply: { ref: text, ok: maybe(CommandDone), problem: maybe(Problem) },
  typing: { window: text, typing: list(object({ conversation: text, agent: text })) },
  viewing: { window: text, viewing: list(object({ conversation: text, agent: text })) },
  presence: { window: text, agents: list(object({ agent: text, state: Presence })) },
  accounts: { window: text, accounts: list(Standing), sending_held: maybe(flag) },
  problem: { problem: Problem },
  going: { retry_after_ms: number },
  opening: { window: text, opening: Opening },
  counters: { windows: list(WindowCounters) },
});

export const Command = kinds('type', {
  claim: {},
  release: { seat_epoch: number },
  complete: { seat_epoch: number },
  takeover: { reason: text },
  handover: { seat_epoch: number, to: text, note: maybe(text) },
  accept_handover: {},
  decline_handover: {},
  assign: { assignee: orNull(text) },
  send: { client_id: text, seat_epoch: number, content: NewContent, quick_replies: maybe(list(Action)) },
  cancel: { number, seat_epoch: number },
  add_note: { client_id: text, text },
  edit_note: { number, text },
  delete_note: { number },
  take_back: {},
  return_to_bot: { seat_epoch: number, note: maybe(text) },
});

export const ClientFrame = kinds('type', {
  watch: { window: text, stream: maybe(text), position: maybe(number) },
  unwatch: { window: text },
  typing: { conversation: text },
  viewing: { conversation: text },
  read: { conversation: text, number },
  presence: { state: word('available', 'away', 'wrap_up') },
  command: { ref: text, conversation: text, command: Command },
  counters: { on: flag },
});
