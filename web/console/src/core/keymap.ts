// Which key does what. Single letters only act outside inputs, and never while a conversion is going on.

export type Action =
  | 'palette'
  | 'search'
  | 'next'
  | 'previous'
  | 'open'
  | 'back'
  | 'next_new'
  | 'start'
  | 'complete'
  | 'assign'
  | 'assign_me'
  | 'hand_over'
  | 'accept'
  | 'reply'
  | 'memo'
  | 'unread'
  | 'details'
  | 'list_pane'
  | 'switch_composer'
  | 'attach'
  | 'emoji'
  | 'presence'
  | 'sheet'
  | 'older'
  | 'newest'
  | 'window';

export type Press = {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode: number;
};

type Binding = { action: Action; keys: string /** Also works while something is being typed. */; always?: true };

/** In the order of the sheet. `Mod` is Ctrl, or ⌘ on a Mac. */
export const BINDINGS: readonly Binding[] = [
  { action: 'palette', keys: 'Mod+k', always: true },
  { action: 'search', keys: '/' },
  { action: 'next', keys: 'j' },
  { action: 'next', keys: 'ArrowDown' },
  { action: 'previous', keys: 'k' },
  { action: 'previous', keys: 'ArrowUp' },
  { action: 'open', keys: 'o' },
  { action: 'back', keys: 'Escape', always: true },
  { action: 'next_new', keys: 'n' },
  { action: 'start', keys: 's' },
  { action: 'complete', keys: 'e' },
  { action: 'assign', keys: 'a' },
  { action: 'assign_me', keys: 'i' },
  { action: 'hand_over', keys: 'h' },
  { action: 'accept', keys: 'Shift+h' },
  { action: 'reply', keys: 'r' },
  { action: 'memo', keys: 'm' },
  { action: 'switch_composer', keys: 'Mod+Shift+u', always: true },
  { action: 'attach', keys: 'Mod+Shift+f', always: true },
  { action: 'emoji', keys: 'Mod+Shift+e', always: true },
  { action: 'unread', keys: 'u' },
  { action: 'older', keys: 'PageUp' },
  { action: 'newest', keys: 'End' },
  { action: 'list_pane', keys: '[' },
  { action: 'details', keys: ']' },
  { action: 'presence', keys: 'Alt+Shift+w', always: true },
  { action: 'sheet', keys: '?' },
];

/** Enter, or a letter, that belongs to the conversion of an input method and to nobody else. Safari ends the
 *  composition before the key that ended it, and marks that key with 229. */
export const isComposing = (press: Pick<Press, 'isComposing' | 'keyCode'>) =>
  press.isComposing || press.keyCode === 229;

/** What a press means; `number` for Alt+1…9. */
export function meaning(press: Press, inInput: boolean, letters: boolean): { action: Action; number?: number } | null {
  if (isComposing(press)) return null;
  const digit = /^Digit([1-9])$/.exec(press.code)?.[1];
  if (digit && press.altKey && !press.ctrlKey && !press.metaKey && !press.shiftKey) {
    return { action: 'window', number: Number(digit) };
  }
  for (const { action, keys, always } of BINDINGS) {
    if (inInput && !always) continue;
    if (!letters && /^[a-z?/[\]]$/.test(keys.replace('Shift+', ''))) continue;
    if (pressed(press, keys)) return { action };
  }
  return null;
}

function pressed(press: Press, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string) => parts.slice(0, -1).includes(name);
  if (wants('Mod') !== (press.ctrlKey || press.metaKey) || wants('Alt') !== press.altKey) return false;
  // On some keyboards a sign such as ? needs Shift; only letters and named keys tell by it.
  if (!/^[?/[\]]$/.test(key) && wants('Shift') !== press.shiftKey) return false;
  if (press.key.toLowerCase() === key.toLowerCase()) return true;
  // An input method may turn a letter into another; the place of the key does not change.
  return /^[a-z]$/.test(key) && press.code === `Key${key.toUpperCase()}` && !/^[a-z]$/i.test(press.key);
}

/** How a binding is written for people. */
export const written = (keys: string, mac: boolean): string[] =>
  keys.split('+').map((part) => {
    if (part === 'Mod') return mac ? '⌘' : 'Ctrl';
    const named: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' };
    return named[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });

export type EnterMode = 'enter' | 'mod_enter';

/** Whether a press in the composer sends. */
export function sends(press: Press, mode: EnterMode): boolean {
  if (press.key !== 'Enter' || isComposing(press) || press.altKey || press.shiftKey) return false;
  return press.ctrlKey || press.metaKey || mode === 'enter';
}

/** Send and complete in one stroke. */
export const sendsAndCompletes = (press: Press): boolean =>
  press.key === 'Enter' && !isComposing(press) && press.shiftKey && (press.ctrlKey || press.metaKey);
