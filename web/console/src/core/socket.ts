// The live socket: opens, comes back with places, notices a dead line. Knows nothing of state: frames go out by `onFrame`.

import type { ClientFrame, ServerFrame } from './protocol';

/** What this needs of a browser's WebSocket. */
export type Wire = {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
};

export type Timers = {
  now(): number;
  after(ms: number, then: () => void): number;
  cancel(timer: number): void;
};

export type LineState =
  | { is: 'connecting' }
  | { is: 'open' }
  /** Comes back by itself. `opened` tells a line that broke from one that never came to be. */
  | { is: 'waiting'; opened: boolean }
  /** Ended for good: by `close`, or because the server said so. */
  | { is: 'ended'; code: number };

export type Options = {
  connect: () => Wire;
  timers: Timers;
  /** 0 ≤ x < 1. */
  random: () => number;
  onFrame: (frame: ServerFrame) => void;
  onState: (state: LineState) => void;
};

const FIRST_MS = 500;
const LONGEST_MS = 20_000;
/** A line that is silent this long is asked whether it lives. Pings of the server do not reach the page. */
const QUIET_MS = 25_000;
/** An asked line that says nothing for this long is dead. */
const ANSWER_MS = 10_000;
/** Answered by a `problem`: the protocol has no ping of the client, and a state that does not exist changes nothing. */
const PROBE = '{"type":"presence","state":"?"}';

/** How long to wait before the next try: twice as long each time, with chance in it. */
export const backOffMs = (tries: number, random: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 10)) * (0.5 + random / 2);

export class Line {
  private wire: Wire | null = null;
  private tries = 0;
  private timer: number | null = null;
  private watch: number | null = null;
  private goingMs: number | null = null;
  private heardAt = 0;
  private probedAt: number | null = null;
  private isOpen = false;

  constructor(private readonly options: Options) {}

  /** Opens, or does nothing when it is open or opening. */
  open() {
    if (this.wire) return;
    this.stopTimer();
    this.options.onState({ is: 'connecting' });
    const wire = this.options.connect();
    this.wire = wire;
    this.isOpen = false;
    wire.onopen = () => {
      this.isOpen = true;
      this.heard();
      this.lookLater();
    };
    wire.onmessage = ({ data }) => {
      if (this.wire !== wire || typeof data !== 'string') return;
      this.heard();
      this.take(data);
    };
    wire.onclose = ({ code }) => {
      if (this.wire === wire) this.lost(code);
    };
  }

  /** Now rather than later: the network or the page is back. A line that seems open is asked whether it lives. */
  hurry() {
    if (this.wire && this.isOpen) this.probe();
    else if (!this.wire && this.timer !== null) {
      this.tries = 0;
      this.open();
    }
  }

  /** Ends it for good. */
  close() {
    const { wire } = this;
    this.stopTimer();
    this.drop();
    wire?.close();
    this.options.onState({ is: 'ended', code: 1000 });
  }

  /** Sends, or says that it cannot. */
  say(frame: ClientFrame): boolean {
    if (!this.wire || !this.isOpen) return false;
    this.wire.send(JSON.stringify(frame));
    return true;
  }

  private take(text: string) {
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === 'problem' && this.probedAt !== null) {
      this.probedAt = null;
      return;
    }
    if (frame.type === 'going') this.goingMs = frame.retry_after_ms;
    if (frame.type === 'hello') {
      this.tries = 0;
      this.options.onState({ is: 'open' });
    }
    this.options.onFrame(frame);
  }

  private lost(code: number) {
    const opened = this.isOpen;
    this.drop();
    if (code >= 4500 && code < 5000) {
      this.options.onState({ is: 'ended', code });
      return;
    }
    const wait = this.goingMs ?? backOffMs(this.tries, this.options.random());
    this.goingMs = null;
    this.tries += 1;
    this.timer = this.options.timers.after(wait, () => {
      this.timer = null;
      this.open();
    });
    this.options.onState({ is: 'waiting', opened });
  }

  private drop() {
    if (this.wire) {
      this.wire.onopen = null;
      this.wire.onmessage = null;
      this.wire.onclose = null;
    }
    this.wire = null;
    this.isOpen = false;
    this.probedAt = null;
    if (this.watch !== null) this.options.timers.cancel(this.watch);
    this.watch = null;
  }

  private heard() {
    this.heardAt = this.options.timers.now();
  }

  private probe() {
    if (this.probedAt !== null || !this.wire) return;
    this.probedAt = this.options.timers.now();
    this.wire.send(PROBE);
    this.lookLater();
  }

  private lookLater() {
    if (this.watch !== null) this.options.timers.cancel(this.watch);
    this.watch = this.options.timers.after(this.probedAt === null ? QUIET_MS : ANSWER_MS, () => {
      this.watch = null;
      this.look();
    });
  }

  private look() {
    const now = this.options.timers.now();
    if (this.probedAt !== null && this.heardAt < this.probedAt) {
      const { wire } = this;
      this.lost(4002);
      wire?.close();
      return;
    }
    this.probedAt = null;
    if (now - this.heardAt >= QUIET_MS) this.probe();
    else this.lookLater();
  }

  private stopTimer() {
    if (this.timer !== null) this.options.timers.cancel(this.timer);
    this.timer = null;
  }
}
