// All of mails, as they were asked for. They never change, so that one answer is enough.

import type { WholeMail } from '../core/protocol';

/** Mails that are remembered. */
const MOST = 30;
const known = new Map<string, Promise<WholeMail>>();

/** All of a mail, from the address that its message names. */
export function wholeOf(url: string): Promise<WholeMail> {
  const there = known.get(url);
  if (there) return there;
  const asked = fetch(url, { credentials: 'same-origin' }).then(async (answer) => {
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return (await answer.json()) as WholeMail;
  });
  known.set(url, asked);
  // What was refused is asked for again.
  asked.catch(() => known.delete(url));
  const oldest = known.keys().next().value;
  if (known.size > MOST && oldest !== undefined) known.delete(oldest);
  return asked;
}
