// What each action does, wherever it comes from: a key, the palette, a button.

import { desk } from '../app/desk.svelte';
import { route } from '../app/route.svelte';
import { settings } from '../app/settings.svelte';
import type { Action } from '../core/keymap';
import { listed, oldestWaiting } from '../core/list';
import type { Conversation } from '../core/protocol';
import { desk as matrix } from '../core/seat';
import { ui } from './ui.svelte';

/** What the list can do for others; set by the app. */
export const list: { focusSearch: () => void; reveal: (id: string) => void } = {
  focusSearch: () => {},
  reveal: () => {},
};

export const openRow = (): Conversation | null => desk.state.rows.get(route.place.conversation ?? '') ?? null;

/** Whether an action makes sense now; the palette only offers those. */
export function mayAct(action: Action, row: Conversation | null): boolean {
  const { me } = desk;
  const seat = row && me ? matrix(row, me) : null;
  switch (action) {
    case 'start':
      return seat?.main.is === 'start' || seat?.main.is === 'take' || seat?.main.is === 'resume';
    case 'complete':
      return seat?.main.is === 'complete';
    case 'hand_over':
      return seat?.isHolder === true && seat.offering === null;
    case 'accept':
      return seat?.main.is === 'offered';
    case 'assign':
    case 'assign_me':
      return seat?.mayAssign === true;
    case 'memo':
      return seat?.mayMemo === true;
    case 'attach':
      return seat?.replyClosed === null;
    case 'emoji':
      return seat !== null && (ui.composer === 'memo' ? seat.mayMemo : seat.replyClosed === null);
    case 'reply':
    case 'unread':
    case 'older':
    case 'newest':
    case 'details':
    case 'switch_composer':
      return row !== null;
    case 'window':
      return false;
    default:
      return true;
  }
}

export function act(action: Action, number = 0) {
  const row = openRow();
  if (action === 'window') {
    const window = [...desk.state.windows.keys()][number - 1];
    if (window) desk.show(window, null);
    return;
  }
  if (!mayAct(action, row)) return;
  switch (action) {
    case 'palette':
    case 'sheet':
      ui.dialog = action;
      break;
    case 'search':
      if (!settings.values.list) settings.set('list', true);
      setTimeout(() => list.focusSearch());
      break;
    case 'next':
      move(1);
      break;
    case 'previous':
      move(-1);
      break;
    case 'open':
      if (row) ui.write('reply');
      else move(1);
      break;
    case 'back':
      back();
      break;
    case 'next_new': {
      const next = oldestWaiting(desk.state.rows.values(), route.place.window ?? '', row?.id ?? null);
      if (next) go(next);
      break;
    }
    case 'presence':
      desk.setMood(desk.state.presence.get(desk.my) === 'available' ? 'away' : 'available');
      break;
    case 'list_pane':
      settings.set('list', !settings.values.list);
      break;
    default:
      if (row) onRow(action, row);
  }
}

function onRow(action: Action, row: Conversation) {
  switch (action) {
    case 'start':
      void desk.wishes.claim(row).then((won) => {
        if (won) ui.write('reply');
      });
      break;
    case 'complete':
      void desk.wishes.complete(row);
      break;
    case 'assign':
      ui.dialog = 'assign';
      break;
    case 'assign_me':
      void desk.wishes.assign(row, desk.my);
      break;
    case 'hand_over':
      ui.dialog = 'handover';
      break;
    case 'accept':
      void desk.wishes.wish(row, { type: 'accept_handover' });
      break;
    case 'reply':
    case 'memo':
      ui.write(action);
      break;
    case 'attach':
    case 'emoji':
      ui.tool = { name: action };
      break;
    case 'switch_composer':
      ui.write(ui.composer === 'reply' ? 'memo' : 'reply');
      break;
    case 'unread':
      desk.markUnread(row);
      break;
    case 'details':
      if (matchMedia('(min-width: 1100px)').matches) settings.set('details', !settings.values.details);
      else ui.sheet = !ui.sheet;
      break;
    case 'older':
      document.getElementById('thread')?.scrollBy({ top: -innerHeight * 0.6 });
      break;
    case 'newest':
      ui.toEnd += 1;
      break;
    default:
      break;
  }
}

function move(by: number) {
  const { conversation } = route.place;
  const rows = listed(desk.state.rows.values(), ui.filter);
  const at = rows.findIndex((row) => row.id === conversation);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (next) go(next);
}

function go(row: Conversation) {
  desk.show(row.window, row.id);
  list.reveal(row.id);
}

function back() {
  const focused = document.activeElement;
  if (ui.sheet) ui.sheet = false;
  else if (focused instanceof HTMLElement && focused.matches('input, textarea')) focused.blur();
  else if (route.place.conversation) desk.show(route.place.window ?? '', null);
}
