import { expect, test } from 'vitest';
import type { ServerFrame } from '../src/core/protocol';
import { backOffMs, Line, type LineState, type Wire } from '../src/core/socket';

class FakeWire implements Wire {
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;
  sent: string[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

/** A line whose time only moves by hand. */
function fixture() {
  let now = 0;
  let id = 0;
  const timers = new Map<number, { due: number; then: () => void }>();
  const wires: FakeWire[] = [];
  const states: LineState[] = [];
  const frames: ServerFrame[] = [];
  const line = new Line({
    connect: () => {
      wires.push(new FakeWire());
      return wires.at(-1) as FakeWire;
    },
    timers: {
      now: () => now,
      after: (ms, then) => {
        id += 1;
        timers.set(id, { due: now + ms, then });
        return id;
      },
      cancel: (timer) => timers.delete(timer),
    },
    random: () => 0.5,
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
  });
  const pass = (ms: number) => {
    const until = now + ms;
    for (;;) {
      const next = [...timers].sort((a, b) => a[1].due - b[1].due)[0];
      if (!next || next[1].due > until) break;
      timers.delete(next[0]);
      now = next[1].due;
      next[1].then();
    }
    now = until;
  };
  const hello = { type: 'hello', protocol: 1, at: '', ping_ms: 25_000, typing_ms: 6_000, message_bytes: 1 };
  const wire = () => wires.at(-1) as FakeWire;
  const open = () => {
    wire().onopen?.();
    wire().say(hello);
  };
  return { line, wires, wire, states, frames, pass, open, last: () => states.at(-1) };
}

test('a broken line comes back, a little later each time, and at once after a good one', () => {
  const { line, wires, wire, pass, open, last } = fixture();
  line.open();
  open();
  expect(last()).toEqual({ is: 'open' });
  wire().onclose?.({ code: 1006 });
  expect(last()).toEqual({ is: 'waiting', opened: true });
  pass(374);
  expect(wires).toHaveLength(1);
  pass(2);
  expect(wires).toHaveLength(2);
  wire().onclose?.({ code: 1006 });
  expect(last()).toEqual({ is: 'waiting', opened: false });
  pass(750);
  expect(wires).toHaveLength(3);
  open();
  wire().onclose?.({ code: 4001 });
  pass(376);
  expect(wires).toHaveLength(4);
});

test('delays double, stay within their bounds, and are not the same for everybody', () => {
  for (let tries = 0; tries < 40; tries++) {
    expect(backOffMs(tries, 0)).toBeGreaterThanOrEqual(250);
    expect(backOffMs(tries, 0.999)).toBeLessThanOrEqual(20_000);
  }
  expect(backOffMs(3, 0.2)).not.toBe(backOffMs(3, 0.8));
  expect(backOffMs(1, 0.5)).toBe(2 * backOffMs(0, 0.5));
});

test('a server that goes says how long to wait', () => {
  const { line, wires, wire, pass, open } = fixture();
  line.open();
  open();
  wire().say({ type: 'going', retry_after_ms: 1_730 });
  wire().onclose?.({ code: 4000 });
  pass(1_729);
  expect(wires).toHaveLength(1);
  pass(1);
  expect(wires).toHaveLength(2);
});

test('a session that ended is not tried again', () => {
  const { line, wires, wire, pass, open, last } = fixture();
  line.open();
  open();
  wire().onclose?.({ code: 4500 });
  pass(3_600_000);
  expect(wires).toHaveLength(1);
  expect(last()).toEqual({ is: 'ended', code: 4500 });
});

test('a line that died without a word is noticed and replaced', () => {
  const { line, wires, wire, pass, open } = fixture();
  line.open();
  open();
  pass(25_000);
  expect(wire().sent).toHaveLength(1);
  pass(10_000);
  expect(wires[0]?.closed).toBe(true);
  pass(400);
  expect(wires).toHaveLength(2);
});

test('a quiet line that answers is left alone, and its answer is nobody’s business', () => {
  const { line, wires, wire, frames, pass, open } = fixture();
  line.open();
  open();
  const before = frames.length;
  for (let i = 0; i < 5; i++) {
    pass(25_000);
    wire().say({ type: 'problem', problem: {} });
    pass(10_000);
  }
  expect(wires).toHaveLength(1);
  expect(frames).toHaveLength(before);
});

test('when the network is back nobody waits for the clock', () => {
  const { line, wires, wire, open } = fixture();
  line.open();
  open();
  wire().onclose?.({ code: 1006 });
  line.hurry();
  expect(wires).toHaveLength(2);
  open();
  line.hurry();
  expect(wires).toHaveLength(2);
  expect(wire().sent).toHaveLength(1);
});

test('what cannot be sent is said to be so, and words of an old line are not heard', () => {
  const { line, wires, wire, frames, pass, open } = fixture();
  line.open();
  expect(line.say({ type: 'watch', window: 'w' })).toBe(false);
  open();
  expect(line.say({ type: 'watch', window: 'w' })).toBe(true);
  const old = wires[0] as FakeWire;
  const stale = old.onmessage;
  wire().onclose?.({ code: 1006 });
  pass(1_000);
  const before = frames.length;
  stale?.({ data: '{"type":"going","retry_after_ms":1}' });
  wire().onmessage?.({ data: 'no JSON' });
  expect(frames).toHaveLength(before);
});
