// snapshot(t) + events(t..u) = snapshot(u), whatever the line does: cuts, drops, doubles, frames in the wrong order,
// answers to REST that come late. One seed is one story; a failing one names itself.

import { expect, test } from 'vitest';
import type { Frame, ServerFrame } from '../src/core/protocol';
import { beginPage, type Effect, reduce, takePage, takeRow, takeRows } from '../src/core/reduce';
import { empty, type State } from '../src/core/state';
import { type Chance, chance, Model } from './model';

type Late = { due: number; run: () => void };

class Reader {
  state: State = empty();
  wire: ServerFrame[] = [];
  late: Late[] = [];
  clock = 0;

  constructor(
    private readonly server: Model,
    private readonly dice: Chance,
  ) {
    this.take({
      type: 'me',
      agent: { id: 'hanako', login: 'h', name: '花子', role: 'agent', disabled: false, created_at: '', icon_url: null },
      windows: [{ id: 'w', name: '窓口', member: true }],
    });
    this.connect();
  }

  connect() {
    const place = this.state.windows.get('w')?.place ?? null;
    this.wire = this.server.resume(place);
  }

  take(frame: ServerFrame) {
    for (const effect of reduce(this.state, frame, this.clock).effects) this.do(effect);
  }

  private do(effect: Effect) {
    if (effect.type === 'watch') {
      this.wire.push(...this.server.resume(effect.place));
    } else if (effect.type === 'row') {
      this.ask(
        () => this.server.row(effect.conversation),
        (row) => takeRow(this.state, effect.conversation, row, effect.generation),
      );
    } else if (effect.type === 'rebuilt') {
      for (const [id, thread] of this.state.threads) if (thread.stale) this.page(id, null);
      this.listDone();
    }
  }

  /** The answer is made at some time after the question, and comes at some time after that. */
  private ask<T>(answer: () => T, take: (value: T) => void) {
    this.soon(() => {
      const value = answer();
      this.soon(() => take(value));
    });
  }

  private soon(run: () => void) {
    this.late.push({ due: this.clock + this.dice.below(6), run });
  }

  page(id: string, before: number | null) {
    const token = beginPage(this.state, id, 'w');
    this.ask(
      () => this.server.page(id, before, 4),
      (page) => takePage(this.state, token, page),
    );
  }

  listDone() {
    const generation = this.state.windows.get('w')?.generation ?? 0;
    this.ask(
      () => structuredClone([...this.server.rows.values()].filter((row) => row.status === 'done')),
      (rows) => takeRows(this.state, 'w', rows, generation),
    );
  }

  /** Time goes on: what is due arrives. */
  tick() {
    this.clock += 1;
    const due = this.late.filter((it) => it.due <= this.clock);
    this.late = this.late.filter((it) => it.due > this.clock);
    for (const it of due) it.run();
  }

  /** The line does what lines do. */
  deliver() {
    const { dice, wire } = this;
    if (dice.yes(0.04)) {
      wire.length = 0;
      return this.connect();
    }
    if (wire.length > 1 && dice.yes(0.1)) wire.reverse();
    if (wire.length > 0 && dice.yes(0.06)) wire.splice(dice.below(wire.length), 1);
    const frame = wire.shift();
    if (!frame) return;
    if (dice.yes(0.1)) wire.splice(dice.below(wire.length + 1), 0, structuredClone(frame));
    this.take(frame);
  }

  /** A good line from now on, until nothing is on its way. */
  settle() {
    this.connect();
    for (let i = 0; i < 2_000 && (this.wire.length > 0 || this.late.length > 0); i++) {
      const frame = this.wire.shift();
      if (frame) this.take(frame);
      this.tick();
    }
    expect(this.wire.length + this.late.length).toBe(0);
  }
}

function story(seed: number) {
  const dice = chance(seed);
  const server = new Model(chance(seed ^ 0x5eed));
  for (let i = dice.below(30); i > 0; i--) server.step();
  const reader = new Reader(server, dice);
  for (let i = 0; i < 200; i++) {
    if (dice.yes(0.6)) reader.wire.push(server.step());
    if (dice.yes(0.01)) server.forget();
    if (dice.yes(0.004)) server.restore();
    if (dice.yes(0.08)) reader.page(`c${dice.below(8)}`, dice.yes(0.5) ? null : 1 + dice.below(12));
    if (dice.yes(0.03)) reader.listDone();
    reader.tick();
    if (dice.yes(0.8)) reader.deliver();
  }
  reader.settle();
  return { server, reader };
}

function expectExact({ server, reader }: ReturnType<typeof story>) {
  const { state } = reader;
  const fresh: Frame<'snapshot'> = server.snapshot();
  const window = state.windows.get('w');
  expect(window?.place).toEqual({ stream: fresh.stream, position: fresh.position });
  expect(window).toMatchObject({
    rawWaiting: fresh.raw_waiting,
    openTotal: fresh.open_total,
    settings: fresh.settings,
    bot: fresh.bot,
  });
  for (const row of fresh.conversations) expect(state.rows.get(row.id), row.id).toEqual(row);
  for (const [id, row] of state.rows) expect(row, id).toEqual(server.row(id));
  expect(state.awaited.size + state.loads.size).toBe(0);
  let threads = 0;
  for (const [id, thread] of state.threads) {
    if (!thread.ready || thread.stale) continue;
    threads += 1;
    const first = thread.messages[0]?.number ?? 0;
    const known = thread.messages.filter((it) => it.number >= first);
    const true_ = server.page(id, null, 10_000).items.filter((it) => known.some((mine) => mine.number === it.number));
    expect(known, id).toEqual(true_);
    for (const message of thread.messages) expect(message.number).toBeGreaterThan(0);
  }
  return threads;
}

test('a reader on a bad line ends with exactly what a new reader sees', () => {
  const first = Number(process.env.CONSOLE_SEED ?? 1);
  const runs = process.env.CONSOLE_SEED ? 1 : 200;
  let threads = 0;
  for (let seed = first; seed < first + runs; seed++) {
    try {
      threads += expectExact(story(seed));
    } catch (error) {
      throw new Error(`CONSOLE_SEED=${seed}`, { cause: error });
    }
  }
  expect(threads).toBeGreaterThanOrEqual(runs > 1 ? runs : 0);
}, 60_000);

test('the check would notice: a reader that loses one update is not exact', () => {
  const server = new Model(chance(3));
  for (let i = 0; i < 20; i++) server.step();
  const reader = new Reader(server, chance(4));
  reader.settle();
  const lost = server.step();
  const window = reader.state.windows.get('w');
  if (window) reader.state.windows.set('w', { ...window, place: { stream: lost.stream, position: lost.position } });
  expect(() => expectExact({ server, reader })).toThrow();
});
