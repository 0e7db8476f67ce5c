// What was begun and not sent, for each conversation and kind. Nothing here goes away by itself.

import { draftKey, loadDrafts, saveDraft } from './keep';

type Kind = 'reply' | 'memo';

export class Drafts {
  private texts = new Map<string, string>();
  private agent = '';
  /** Moves when a text was changed by anything but the person's own keys. */
  given = $state(0);

  constructor(private readonly changed: () => void) {}

  async load(agent: string) {
    this.agent = agent;
    for (const draft of await loadDrafts(agent)) {
      if (draft.kind !== 'parcel') this.texts.set(`${draft.conversation}/${draft.kind}`, draft.text);
    }
    this.given += 1;
  }

  of(conversation: string, kind: Kind): string {
    return this.texts.get(`${conversation}/${kind}`) ?? '';
  }

  has(conversation: string): boolean {
    return this.of(conversation, 'reply') !== '' || this.of(conversation, 'memo') !== '';
  }

  set(conversation: string, kind: Kind, text: string) {
    const had = this.has(conversation);
    const key = `${conversation}/${kind}`;
    if (text === '') this.texts.delete(key);
    else this.texts.set(key, text);
    void saveDraft({ key: draftKey(this.agent, conversation, kind), agent: this.agent, conversation, kind, text });
    if (had !== this.has(conversation)) this.changed();
  }

  /** A text comes back: before what was written since. */
  prepend(conversation: string, kind: Kind, text: string) {
    const since = this.of(conversation, kind);
    this.set(conversation, kind, since === '' ? text : `${text}\n${since}`);
    this.given += 1;
    this.changed();
  }
}
