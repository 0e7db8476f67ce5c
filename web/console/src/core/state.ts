// What the console knows. Maps are changed in place, what they hold is replaced: an object that is the same has not changed.

import type {
  Conversation,
  Event,
  Me,
  Message,
  Opening,
  Presence,
  Problem,
  Standing,
  WindowBot,
  WindowCounters,
  WindowMember,
  WindowSettings,
} from './protocol';

/** Where in a window's stream a reader is. */
export type Place = { stream: string; position: number };

export type WindowState = {
  id: string;
  name: string;
  member: boolean;
  /** Of the last snapshot or update; null until a snapshot came. */
  place: Place | null;
  places: number;
  description: string;
  picture: { name: string; url: string } | null;
  settings: WindowSettings | null;
  agents: readonly WindowMember[];
  rawWaiting: number;
  /** The bot in front of it. */
  bot: WindowBot | null;
  /** How each of its accounts stands. */
  accounts: readonly Standing[];
  /** Answers are accepted and wait: nothing goes out to anybody. */
  sendingHeld: boolean;
  /** Whether it is open now, and until when; null until that was told. */
  opening: Opening | null;
  /** Open conversations in all; more than the known rows when there are over 1,000. */
  openTotal: number;
  /** Snapshots so far. What was asked before one may not be merged after it. */
  generation: number;
  /** Why it is not watched. */
  refused: Problem | null;
};

/** Something that happened to the conversation itself, between two messages. Told live; the server keeps no list of them. */
export type Line = { key: string; at: string; after: number; event: Event };

export type Thread = {
  window: string;
  /** In ascending order, without a gap from the first to the newest. */
  messages: readonly Message[];
  lines: readonly Line[];
  hasOlder: boolean;
  /** A first page has come. */
  ready: boolean;
  /** A snapshot came since: the next page replaces everything. */
  stale: boolean;
};

/** A row that is being fetched, and what happened to it since it was asked for. */
export type Awaited = {
  window: string;
  generation: number;
  since: { position: number; at: string; events: Event[]; budgetMs: number }[];
};

export type State = {
  me: Me | null;
  windows: Map<string, WindowState>;
  rows: Map<string, Conversation>;
  threads: Map<string, Thread>;
  /** Pages of threads on their way, and what happened since each was asked for. */
  loads: Map<number, { conversation: string; window: string; since: Event[] }>;
  awaited: Map<string, Awaited>;
  previews: Map<string, Message>;
  presence: Map<string, Presence>;
  names: Map<string, string>;
  /** Conversation → colleague → until when it is shown, in the browser's milliseconds. */
  typing: Map<string, Map<string, number>>;
  typingMs: number;
  /** Colleague → the conversation before their eyes, and until when that is shown, in the browser's milliseconds. */
  viewing: Map<string, { conversation: string; until: number }>;
  viewingMs: number;
  /** The figures of windows, for who asked for them. */
  counters: Map<string, WindowCounters>;
  /** The server's clock minus the browser's, in milliseconds. */
  skewMs: number;
  /** When the last frame came, in the browser's milliseconds. */
  heardAt: number;
};

export const empty = (): State => ({
  me: null,
  windows: new Map(),
  rows: new Map(),
  threads: new Map(),
  loads: new Map(),
  awaited: new Map(),
  previews: new Map(),
  presence: new Map(),
  names: new Map(),
  typing: new Map(),
  typingMs: 6000,
  viewing: new Map(),
  counters: new Map(),
  viewingMs: 20_000,
  skewMs: 0,
  heardAt: 0,
});

export const newThread = (window: string): Thread => ({
  window,
  messages: [],
  lines: [],
  hasOlder: false,
  ready: false,
  stale: false,
});
