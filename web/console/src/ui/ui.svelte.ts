// What is open on the screen, apart from what the server knows.

import type { Tab } from '../core/list';

export type DialogName =
  | 'handover'
  | 'takeover'
  | 'assign'
  | 'settings'
  | 'sheet'
  | 'palette'
  | 'notices'
  | 'menu'
  | 'location'
  | 'card'
  | 'replies'
  | 'mode';

class Ui {
  dialog = $state<DialogName | null>(null);
  tab = $state<Tab>('new');
  mine = $state(false);
  text = $state('');
  sort = $state<'waiting' | 'newest'>('waiting');
  composer = $state<'reply' | 'memo'>('reply');
  /** Moves when the composer is to take the focus. */
  focus = $state(0);
  /** Moves when the thread is to go to its end. */
  toEnd = $state(0);
  /** The picture that is shown large: its message's number in the open conversation. */
  viewer = $state<number | null>(null);
  /** Details as a sheet over the thread, where there is no third pane. */
  sheet = $state(false);

  write(kind: 'reply' | 'memo') {
    this.composer = kind;
    this.focus += 1;
  }
}

export const ui = new Ui();
