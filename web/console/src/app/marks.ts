// How far a person has read in each conversation; kept in this browser.

import { read, write } from './keep';

/** Conversations that are remembered; the ones marked longest ago are forgotten. */
const KEPT = 2_000;

export class Marks {
  private marks = new Map<string, number>();
  private agent = '';

  load(agent: string) {
    this.agent = agent;
    const kept = read<{ agent: string; marks: [string, number][] } | null>('read', null);
    this.marks = new Map(kept?.agent === agent ? kept.marks : []);
  }

  of(conversation: string): number | null {
    return this.marks.get(conversation) ?? null;
  }

  set(conversation: string, number: number) {
    this.marks.delete(conversation);
    this.marks.set(conversation, number);
    const marks = [...this.marks].slice(-KEPT);
    write('read', { agent: this.agent, marks });
  }
}
