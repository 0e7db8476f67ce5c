// What travels between the server and the administration, field by field. Only tests run the checks: against the
// published document; the page takes the types.

import { flag, kinds, list, maybe, number, object, orNull, text, word } from '../core/shape';
import { Agent, Opening, Problem, Role, Trouble, WindowBot, WindowMember, WindowSettings } from '../core/wire';

// --- Windows ---------------------------------------------------------------------------------------------------------

export const WindowPicture = object({ name: text, url: text });
export const Picture = object({ id: text, name: text, width: number, height: number, bytes: number });
export const Product = object({ product: number, owned: number, used: number, free: number, contacts: number });
export const Trial = object({ started_at: text, ends_at: text, over: flag });
export const Products = object({
  items: list(Product),
  contact_limit: number,
  trial: orNull(Trial),
  trial_possible: flag,
});
export const ResetWhat = word(
  'agents',
  'in_progress',
  'open_conversations',
  'waiting_answers',
  'inboxes',
  'invite',
  'conversations',
  'contact_points',
  'product',
  'former_windows',
);
const ResetItem = object({ what: ResetWhat, count: number });
export const ResetPreview = object({
  window: text,
  confirm: text,
  goes: list(ResetItem),
  stays: list(ResetItem),
  erases_everything: flag,
  inboxes: list(object({ id: text, kind: text })),
});

export const FormerContent = word('kept', 'erasing', 'erased');
export const FormerWindow = object({
  id: text,
  window: text,
  name: text,
  product: number,
  created_at: text,
  reset_at: text,
  by: orNull(text),
  content: FormerContent,
});

// --- Hours -----------------------------------------------------------------------------------------------------------

export const TimeRange = object({ from: text, to: text });
const ranges = list(TimeRange);
export const Week = object({
  monday: ranges,
  tuesday: ranges,
  wednesday: ranges,
  thursday: ranges,
  friday: ranges,
  saturday: ranges,
  sunday: ranges,
});
export const HolidayCalendar = word('japan');
export const Holidays = object({ calendar: HolidayCalendar, ranges });
export const Hours = object({
  time_zone: text,
  week: Week,
  holidays: orNull(Holidays),
  auto_close_in_business_days: flag,
});
export const ClosedPeriod = object({ id: text, from: text, to: text, text });
export const OfflineShown = word('message', 'bar', 'card', 'balloon');
export const Offline = object({ text, shown: OfflineShown, when_nobody_is_here: flag });
export const ChatEnd = object({ notice: text, after_silence_ms: number, words: list(text) });
export const Answers = object({ greeting: text, absence: text, offline: Offline, end: ChatEnd });
export const Maintenance = object({ on: flag, text, since: orNull(text) });
export const Situation = word('friend_add', 'message', 'visit', 'end');
export const AnswerKind = word('greeting', 'absence', 'closed_period', 'maintenance', 'offline', 'end');
export const PreviewAnswer = object({ kind: AnswerKind, text });
export const Banner = object({ shown: OfflineShown, text, hours: list(text) });
export const Preview = object({ at: text, opening: Opening, answer: orNull(PreviewAnswer), banner: orNull(Banner) });

// --- The window itself, once what it is made of is known -------------------------------------------------------------

export const Window = object({
  id: text,
  name: text,
  product: number,
  places: number,
  agents: list(WindowMember),
  settings: WindowSettings,
  raw_waiting: number,
  created_at: text,
  description: text,
  picture: orNull(WindowPicture),
  invite_url: text,
  opening: Opening,
  bot: orNull(WindowBot),
});

// --- Accounts --------------------------------------------------------------------------------------------------------

export const Secret = word('set', 'not_set');
export const SendMode = word('reply', 'push', 'auto');
export const TokenKind = word('long_lived', 'stateless', 'assertion');
export const WhenQuotaEmpty = word('hold', 'fail');
export const LineSettings = object({
  channel_secret: Secret,
  channel_secret_set_at: orNull(text),
  former_secret_until: orNull(text),
  token_kind: TokenKind,
  channel_id: text,
  assertion_kid: text,
  assertion_key: Secret,
  channel_access_token: Secret,
  channel_access_token_set_at: orNull(text),
  mode: SendMode,
  when_quota_empty: WhenQuotaEmpty,
  leave_groups: flag,
  show_agent_name: flag,
  mark_as_read: flag,
  loading: flag,
  api_base_url: text,
  api_data_base_url: text,
});
export const BotMaker = word('customer', 'product');
export const LineWorksSettings = object({
  client_id: text,
  client_secret: Secret,
  service_account: text,
  private_key: Secret,
  bot_id: text,
  bot_secret: Secret,
  bot_secret_set_at: orNull(text),
  former_secret_until: orNull(text),
  made_by: BotMaker,
  domain_id: text,
  calls_a_minute: number,
  api_base_url: text,
  auth_base_url: text,
});
export const BotChannelSettings = object({
  name: text,
  endpoint_url: text,
  secret: Secret,
  secret_set_at: orNull(text),
  former_secret_until: orNull(text),
});
export const SendTrouble = word('refused', 'unauthorised', 'quota_empty', 'rate_limited', 'ambiguous', 'not_sent');
export const Quota = object({ limit: orNull(number), used: number, remaining: orNull(number), asked_at: text });
export const AccountHealth = object({
  inbox: text,
  window: text,
  troubles: list(Trouble),
  since: text,
  webhook_at: orNull(text),
  wrong_signature_at: orNull(text),
  sent_at: orNull(text),
  send_failed_at: orNull(text),
  send_failed: orNull(SendTrouble),
  token_until: orNull(text),
  token_failed_at: orNull(text),
  quota: orNull(Quota),
});
export const FindingCode = word(
  'secret_unreadable',
  'token_refused',
  'line_unreachable',
  'wrong_destination',
  'no_endpoint',
  'other_endpoint',
  'webhook_off',
  'public_url_not_https',
  'cannot_connect',
  'webhook_times_out',
  'wrong_secret',
  'webhook_fails',
  'webhook_untested',
  'chat_off',
  'chat_on',
  'auto_reply_unknown',
  'redelivery_unknown',
  'platform_unreachable',
  'right_missing',
  'bot_unknown',
  'kinds_switched_off',
  'rooms_allowed',
  'callback_untried',
  'endpoint_refuses_signature',
  'endpoint_fails',
  'endpoint_too_slow',
  'endpoint_unsafe',
);
export const FindingWeight = word('error', 'warning', 'note');
export const Finding = object({ code: FindingCode, weight: FindingWeight, text });
export const ConnectionTest = object({ ok: flag, account_name: orNull(text), findings: list(Finding) });
export const WebhookEndpoint = object({
  webhook_url: text,
  platform_url: orNull(text),
  active: orNull(flag),
  finding: orNull(FindingCode),
});

// --- Mail ------------------------------------------------------------------------------------------------------------

export const MailSettings = object({
  enabled: flag,
  addresses: list(text),
  sender: orNull(text),
  sender_name: orNull(text),
  quote: flag,
  signature: text,
});
export const MailCheck = word('pass', 'expected', 'fail', 'missing', 'unknown');
export const MailColumns = object({
  spf: MailCheck,
  spf_alignment: MailCheck,
  dkim: MailCheck,
  dkim_alignment: MailCheck,
  dmarc: MailCheck,
});
export const MailForwarding = word('unconfirmed', 'confirmed', 'stopped');
export const MailAddressSetup = object({
  address: text,
  sender: flag,
  forwarding: MailForwarding,
  forwarding_at: orNull(text),
  challenged_at: orNull(text),
  domain_ready: flag,
});
export const MailConfirmation = object({
  at: text,
  from: text,
  subject: text,
  code: orNull(text),
  link: orNull(text),
  text,
});
export const MailTest = object({
  sent_at: text,
  from: text,
  came_at: orNull(text),
  failure: orNull(text),
  columns: orNull(MailColumns),
});
export const MailSetup = object({
  inbox: text,
  default_address: text,
  sends_as: text,
  relay: flag,
  addresses: list(MailAddressSetup),
  confirmations: list(MailConfirmation),
  test: orNull(MailTest),
});
export const MailRecordPurpose = word('dkim', 'dmarc', 'spf');
export const MailRecordState = word('unchecked', 'ok', 'missing', 'mismatch', 'several', 'malformed', 'unknown');
export const MailRecord = object({
  purpose: MailRecordPurpose,
  name: text,
  kind: text,
  value: text,
  state: MailRecordState,
  found: list(text),
});
export const MailDomain = object({
  domain: text,
  ready: flag,
  ready_since: orNull(text),
  records: list(MailRecord),
  columns: orNull(MailColumns),
  checked_at: orNull(text),
});

// --- Bots, and what platforms do not offer ---------------------------------------------------------------------------

export const BotTrouble = kinds('reason', {
  answered: { status: number },
  unreachable: {},
  too_slow: {},
  unsafe_address: {},
  no_secret: {},
});
export const BotHealth = object({
  last_taken_at: orNull(text),
  last_failed_at: orNull(text),
  last_failure: orNull(BotTrouble),
  failures_in_a_row: number,
  last_called_at: orNull(text),
  holds: number,
  waiting: number,
  dead: number,
});
export const Bot = object({
  window: text,
  name: text,
  endpoint_url: text,
  inboxes: list(text),
  greets: flag,
  answer_within_ms: number,
  enabled: flag,
  secret_set_at: text,
  former_secret_until: orNull(text),
  token_set_at: text,
  health: BotHealth,
});
export const BotMade = object({ bot: Bot, secret: orNull(text), token: orNull(text) });
export const BotTest = object({ taken: flag, trouble: orNull(BotTrouble), took_ms: number });
export const BotDeliveryType = word(
  'ping',
  'conversation.started',
  'message.received',
  'message.taken_back',
  'conversation.returned',
  'conversation.left',
);
export const DeadLetterWhy = kinds('reason', { too_late: {}, refused: { status: number }, unreachable: {} });
export const DeadLetter = object({
  delivery: text,
  conversation: text,
  type: BotDeliveryType,
  number: orNull(number),
  queued_at: text,
  died_at: text,
  why: DeadLetterWhy,
  forgotten_at: text,
});
export const ChannelAvailability = object({ channel: text, receives: flag, sends: flag, statement: text });

// --- People ----------------------------------------------------------------------------------------------------------

export const Invitation = object({
  id: text,
  role: Role,
  windows: list(text),
  login: orNull(text),
  invited_by: text,
  created_at: text,
  expires_at: text,
});
export const InvitationCreated = object({ url: text, invitation: Invitation });
export const InvitationShown = object({
  role: Role,
  windows: list(text),
  login: orNull(text),
  invited_by: text,
  expires_at: text,
});
export const MembershipOutcome = word('added', 'removed', 'kept', 'refused');
export const MembershipDone = object({ window: text, outcome: MembershipOutcome, problem: maybe(Problem) });
export const InvitationAccepted = object({ agent: Agent, windows: list(MembershipDone) });
export const OpenSession = object({
  id: text,
  current: flag,
  created_at: text,
  seen_at: text,
  address: orNull(text),
  browser: orNull(text),
});
export const Scope = word('read', 'work', 'supervise', 'windows', 'inboxes', 'people', 'audit', 'operations');
export const Token = object({
  id: text,
  name: text,
  agent: text,
  created_at: text,
  expires_at: text,
  scopes: orNull(list(Scope)),
  last_used_at: orNull(text),
});
export const TokenCreated = object({ secret: text, token: Token });

// --- Supervision and operation ---------------------------------------------------------------------------------------

export const AuditOutcome = word('done', 'refused', 'unknown', 'under_way');
export const AuditActor = object({ agent: orNull(text), name: orNull(text), token: orNull(text) });
export const AuditChange = object({ field: text, before: orNull(text), after: orNull(text) });
export const AuditEntry = object({
  id: text,
  at: text,
  actor: AuditActor,
  from: orNull(text),
  action: text,
  objects: list(text),
  outcome: AuditOutcome,
  code: orNull(text),
  changes: list(AuditChange),
  erased: flag,
  hash: text,
});
export const BulkItem = object({ conversation: text, problem: maybe(Problem) });
export const BulkDone = object({ items: list(BulkItem), done: number, left: number });
export const RawReason = word('busy', 'unparsable', 'set_aside', 'loop', 'forwarder');
export const RawBody = object({ id: text, inbox: text, received_at: text, reason: RawReason, bytes: number });
export const Replayed = object({ recorded: number, duplicates: number, still_waiting: flag });
export const Sending = object({ held: flag, by_settings: flag, unsure_before: orNull(text) });
