// What is open on the screen, apart from what the server knows.

import { desk } from '../app/desk.svelte';
import { read, write } from '../app/keep';
import { route } from '../app/route.svelte';
import { BOT, type Filter, type More, NO_MORE, type Tab } from '../core/list';

/** A way to look at the list that somebody keeps in this browser. */
export type View = { name: string; tab: Tab; mine: boolean; text: string; sort: 'waiting' | 'newest'; more: More };
const VIEWS = 20;

export type DialogName =
  | 'handover'
  | 'takeover'
  | 'assign'
  | 'settings'
  | 'sheet'
  | 'palette'
  | 'notices'
  | 'menu'
  | 'account'
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
  more = $state<More>({ ...NO_MORE });
  /** The panel of the list is open. */
  filtering = $state(false);
  views = $state<View[]>(read('views', []));
  composer = $state<'reply' | 'memo'>('reply');
  /** A tool of the composer that a key asked for; a new object each time. */
  tool = $state.raw<{ name: 'attach' | 'emoji' } | null>(null);
  /** Moves when the composer is to take the focus. */
  focus = $state(0);
  /** Moves when the thread is to go to its end. */
  toEnd = $state(0);
  /** The picture that is shown large: its message's number in the open conversation. */
  viewer = $state<number | null>(null);
  /** Details as a sheet over the thread, where there is no third pane. */
  sheet = $state(false);

  /** What the list shows now. */
  get filter(): Filter {
    const { tab, mine, text, sort, more } = this;
    const isUnread = (row: Parameters<typeof desk.unread>[0]) => desk.unread(row) > 0;
    return { window: route.place.window ?? '', tab, mine, me: desk.my, text, sort, more, isUnread };
  }

  /** Only what a bot holds, which is in progress; or everything again. */
  toggleBots() {
    const isOn = this.more.holder === BOT;
    this.more.holder = isOn ? '' : BOT;
    if (!isOn && this.tab !== 'all') this.tab = 'in_progress';
  }

  /** Shows everything of the tab again. */
  clear() {
    this.text = '';
    this.mine = false;
    this.more = { ...NO_MORE };
  }

  /** Keeps what is shown under a name; a name that is there already gets the new look. */
  keepView(name: string) {
    const { tab, mine, text, sort } = this;
    const view: View = { name, tab, mine, text, sort, more: $state.snapshot(this.more) };
    this.views = [...this.views.filter((it) => it.name !== name), view].slice(-VIEWS);
    write('views', $state.snapshot(this.views));
  }

  useView(view: View) {
    const { tab, mine, text, sort, more } = $state.snapshot(view);
    Object.assign(this, { tab, mine, text, sort, more: { ...NO_MORE, ...more } });
  }

  dropView(name: string) {
    this.views = this.views.filter((it) => it.name !== name);
    write('views', $state.snapshot(this.views));
  }

  write(kind: 'reply' | 'memo') {
    this.composer = kind;
    this.focus += 1;
  }
}

export const ui = new Ui();
