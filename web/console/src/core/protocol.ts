// The types of what travels. The descriptions that they come from stay out of the page.

import type { Infer } from './shape';
import type * as wire from './wire';

export type Role = Infer<typeof wire.Role>;
export type Presence = Infer<typeof wire.Presence>;
export type Status = Infer<typeof wire.Status>;
export type Failure = Infer<typeof wire.Failure>;
export type Content = Infer<typeof wire.Content>;
export type NewContent = Infer<typeof wire.NewContent>;
export type File = Infer<typeof wire.File>;
export type MediaLoss = Infer<typeof wire.MediaLoss>;
export type Upload = Infer<typeof wire.Upload>;
export type Action = Infer<typeof wire.Action>;
export type Capabilities = Infer<typeof wire.Capabilities>;
export type Length = Infer<typeof wire.Length>;
export type MediaRule = Infer<typeof wire.MediaRule>;
export type ButtonsRule = Infer<typeof wire.ButtonsRule>;
export type Message = Infer<typeof wire.Message>;
export type MessageState = Infer<typeof wire.MessageState>;
export type Seat = Infer<typeof wire.Seat>;
export type Offer = Infer<typeof wire.Offer>;
export type Conversation = Infer<typeof wire.Conversation>;
export type Agent = Infer<typeof wire.Agent>;
export type MyWindow = Infer<typeof wire.MyWindow>;
export type Me = Infer<typeof wire.Me>;
export type WindowMember = Infer<typeof wire.WindowMember>;
export type WindowSettings = Infer<typeof wire.WindowSettings>;
export type Code = Infer<typeof wire.Code>;
export type Problem = Infer<typeof wire.Problem>;
export type Event = Infer<typeof wire.Event>;
export type CommandDone = Infer<typeof wire.CommandDone>;
export type Command = Infer<typeof wire.Command>;
export type ServerFrame = Infer<typeof wire.ServerFrame>;
export type ClientFrame = Infer<typeof wire.ClientFrame>;
export type Frame<K extends ServerFrame['type']> = Extract<ServerFrame, { type: K }>;
export type EventOf<K extends Event['type']> = Extract<Event, { type: K }>;
export type Items<T> = { items: T[]; next_cursor: string | null };
