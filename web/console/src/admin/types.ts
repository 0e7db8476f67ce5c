// The same as types. What can be one of several channels is told apart by `kind`.

import type { Infer } from '../core/shape';
import type * as wire from './wire';

export type Window = Infer<typeof wire.Window>;
export type Picture = Infer<typeof wire.Picture>;
export type Products = Infer<typeof wire.Products>;
export type ResetPreview = Infer<typeof wire.ResetPreview>;
export type FormerWindow = Infer<typeof wire.FormerWindow>;
export type ResetWhat = Infer<typeof wire.ResetWhat>;
export type TimeRange = Infer<typeof wire.TimeRange>;
export type Week = Infer<typeof wire.Week>;
export type Hours = Infer<typeof wire.Hours>;
export type Answers = Infer<typeof wire.Answers>;
export type ClosedPeriod = Infer<typeof wire.ClosedPeriod>;
export type Maintenance = Infer<typeof wire.Maintenance>;
export type Opening = Infer<typeof import('../core/wire').Opening>;
export type Situation = Infer<typeof wire.Situation>;
export type Preview = Infer<typeof wire.Preview>;
export type LineSettings = Infer<typeof wire.LineSettings>;
export type LineWorksSettings = Infer<typeof wire.LineWorksSettings>;
export type BotChannelSettings = Infer<typeof wire.BotChannelSettings>;
export type AccountHealth = Infer<typeof wire.AccountHealth>;
export type ConnectionTest = Infer<typeof wire.ConnectionTest>;
export type FindingCode = Infer<typeof wire.FindingCode>;
export type WebhookEndpoint = Infer<typeof wire.WebhookEndpoint>;
export type Invitation = Infer<typeof wire.Invitation>;
export type InvitationCreated = Infer<typeof wire.InvitationCreated>;
export type InvitationShown = Infer<typeof wire.InvitationShown>;
export type InvitationAccepted = Infer<typeof wire.InvitationAccepted>;
export type MembershipDone = Infer<typeof wire.MembershipDone>;
export type OpenSession = Infer<typeof wire.OpenSession>;
export type Scope = Infer<typeof wire.Scope>;
export type Token = Infer<typeof wire.Token>;
export type TokenCreated = Infer<typeof wire.TokenCreated>;
export type AuditEntry = Infer<typeof wire.AuditEntry>;
export type WindowCounters = Infer<typeof import('../core/wire').WindowCounters>;
export type BulkDone = Infer<typeof wire.BulkDone>;
export type RawBody = Infer<typeof wire.RawBody>;
export type Replayed = Infer<typeof wire.Replayed>;
export type Sending = Infer<typeof wire.Sending>;
export type MailSettings = Infer<typeof wire.MailSettings>;
export type MailColumns = Infer<typeof wire.MailColumns>;
export type MailSetup = Infer<typeof wire.MailSetup>;
export type MailAddressSetup = Infer<typeof wire.MailAddressSetup>;
export type MailDomain = Infer<typeof wire.MailDomain>;
export type MailRecord = Infer<typeof wire.MailRecord>;
export type Bot = Infer<typeof wire.Bot>;
export type BotMade = Infer<typeof wire.BotMade>;
export type BotTest = Infer<typeof wire.BotTest>;
export type BotTrouble = Infer<typeof wire.BotTrouble>;
export type DeadLetter = Infer<typeof wire.DeadLetter>;
export type ChannelAvailability = Infer<typeof wire.ChannelAvailability>;
export type Role = Infer<typeof import('../core/wire').Role>;

type Account = { id: string; window: string; webhook_url: string; changed_at: string };
export type LineInbox = Account & { kind: 'line'; settings: LineSettings };
export type WorksInbox = Account & { kind: 'lineworks'; settings: LineWorksSettings };
export type MailInbox = Account & { kind: 'mail'; settings: MailSettings };
export type BotChannelInbox = Account & { kind: 'bot'; settings: BotChannelSettings };
/** A channel that this release has no page for. */
export type OtherInbox = Account & { kind: 'other'; settings: unknown };
/** An account of any channel. */
export type Inbox = LineInbox | WorksInbox | MailInbox | BotChannelInbox | OtherInbox;
