// What the audit log is asked for, and its actions in words. Pure.

/** Acts that one looks for, as the log calls them. */
export const KNOWN = [
  'POST /api/v1/windows',
  'PATCH /api/v1/windows/{window}',
  'PUT /api/v1/windows/{window}/product',
  'PUT /api/v1/windows/{window}/agents/{agent}',
  'DELETE /api/v1/windows/{window}/agents/{agent}',
  'PATCH /api/v1/windows/{window}/settings',
  'PUT /api/v1/windows/{window}/hours',
  'PUT /api/v1/windows/{window}/answers',
  'POST /api/v1/windows/{window}/closed-periods',
  'DELETE /api/v1/windows/{window}/closed-periods/{period}',
  'PUT /api/v1/windows/{window}/maintenance',
  'POST /api/v1/windows/{window}/reset',
  'PATCH /api/v1/products',
  'POST /api/v1/inboxes',
  'PATCH /api/v1/inboxes/{inbox}',
  'PUT /api/v1/inboxes/{inbox}/webhook',
  'POST /api/v1/agents',
  'PATCH /api/v1/agents/{agent}',
  'PUT /api/v1/agents/{agent}/password',
  'PUT /api/v1/agents/{agent}/windows',
  'POST /api/v1/agents/{agent}/disable',
  'POST /api/v1/agents/{agent}/enable',
  'DELETE /api/v1/agents/{agent}/sessions/{session}',
  'POST /api/v1/invitations',
  'DELETE /api/v1/invitations/{invitation}',
  'POST /api/v1/invitation/accept',
  'POST /api/v1/tokens',
  'DELETE /api/v1/tokens/{token}',
  'POST /api/v1/bulk',
  'PUT /api/v1/sending',
  'POST /api/v1/inboxes/{inbox}/test',
  'POST /api/v1/inboxes/{inbox}/mail/challenge',
  'POST /api/v1/inboxes/{inbox}/mail/test',
  'POST /api/v1/mail/domains',
  'POST /api/v1/mail/domains/{domain}/check',
  'DELETE /api/v1/mail/domains/{domain}',
  'POST /api/v1/mail/domains/{domain}/key',
  'DELETE /api/v1/mail/domains/{domain}/key',
  'GET /api/v1/audit/export',
  'command takeover',
  'command assign',
  'command take_back',
] as const;

/** The words for an action; null for one without. */
export const actionIn = (words: Record<string, string>, action: string): string | null => words[action] ?? null;

/** An object of the log as people call it: the name of what it names, else what it is and the end of its id. */
export function objectIn(
  kinds: Record<string, string>,
  nameOf: (kind: string, id: string) => string | null,
  object: string,
): string {
  const at = object.indexOf(':');
  const [kind, id] = at < 0 ? ['', object] : [object.slice(0, at), object.slice(at + 1)];
  const name = nameOf(kind, id);
  if (name) return name;
  const short = id.length > 12 ? `…${id.slice(-6)}` : id;
  return kind === '' ? short : `${kinds[kind] ?? kind} ${short}`;
}

export type Filter = { actor: string; action: string; object: string; from: string; to: string };

/** The part of an address after `?`. Days are whole days of the reader's time zone; `to` is in it. */
export function query({ actor, action, object, from, to }: Filter): string {
  const parts = new URLSearchParams();
  if (actor) parts.set('actor', actor);
  if (action) parts.set('action', action);
  if (object.trim()) parts.set('object', object.trim());
  if (from) parts.set('from', new Date(`${from}T00:00:00`).toISOString());
  if (to) {
    const end = new Date(`${to}T00:00:00`);
    end.setDate(end.getDate() + 1);
    parts.set('to', end.toISOString());
  }
  return parts.toString();
}
