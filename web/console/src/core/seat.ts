// What the main button shows and does, and whether the composer is open: one function of what is known. Pure.

import type { Conversation, Me } from './protocol';

export type MainButton =
  | { is: 'start'; formerHolder: string | null }
  | { is: 'take' }
  | { is: 'resume' }
  | { is: 'complete' }
  | { is: 'held'; holder: string | null; mayTakeOver: boolean }
  | { is: 'offered'; from: string; expiresAt: string; note: string | null }
  | { is: 'none' };

export type ClosedBecause = 'start_first' | 'held' | 'offered' | 'done' | 'set_aside' | 'not_a_member';

export type Desk = {
  main: MainButton;
  /** Null while the composer takes replies. */
  replyClosed: ClosedBecause | null;
  mayMemo: boolean;
  /** The holder's menu: 引き継ぎ, 未対応に戻す. */
  isHolder: boolean;
  /** The hand-over that I offered and that waits. */
  offering: { to: string; expiresAt: string } | null;
  mayAssign: boolean;
};

export function desk(row: Conversation, me: Me): Desk {
  const my = me.agent.id;
  const member = me.windows.some((window) => window.id === row.window && window.member);
  const supervises = me.agent.role !== 'agent';
  const { seat } = row;
  const isHolder = seat?.agent === my;
  const base = { mayMemo: (member || isHolder) && !row.set_aside, isHolder, offering: null, mayAssign: member };
  if (row.set_aside) {
    return { ...base, main: { is: 'none' }, replyClosed: 'set_aside', isHolder: false, mayAssign: false };
  }
  if (!seat) {
    const replyClosed = !member ? 'not_a_member' : row.status === 'done' ? 'done' : 'start_first';
    if (!member) return { ...base, main: { is: 'none' }, replyClosed };
    if (row.status === 'done') return { ...base, main: { is: 'resume' }, replyClosed };
    return { ...base, main: { is: 'start', formerHolder: row.former_holder }, replyClosed };
  }
  if (isHolder) {
    const offering = seat.offer ? { to: seat.offer.to, expiresAt: seat.offer.expires_at } : null;
    return { ...base, main: { is: 'complete' }, replyClosed: null, offering };
  }
  if (seat.offer?.to === my) {
    const { from, expires_at: expiresAt, note } = seat.offer;
    return { ...base, main: { is: 'offered', from, expiresAt, note }, replyClosed: 'offered' };
  }
  // Any member may take what a bot holds, and start where the holder has been away too long.
  if (member && seat.agent === null) return { ...base, main: { is: 'take' }, replyClosed: 'held' };
  if (member && seat.claimable) {
    return { ...base, main: { is: 'start', formerHolder: seat.agent }, replyClosed: 'start_first' };
  }
  return { ...base, main: { is: 'held', holder: seat.agent, mayTakeOver: supervises }, replyClosed: 'held' };
}
