// Questions over HTTP. Everything that changes a conversation goes over the socket instead.

import type { Problem } from '../core/protocol';

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** Nothing came back: no network, or no server. */
export class Unreachable extends Error {}

export async function ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (cause) {
    throw new Unreachable('no answer', { cause });
  }
  if (response.ok) return (response.status === 204 ? null : await response.json().catch(() => null)) as T;
  const problem = (await response.json().catch(() => null)) as Problem | null;
  if (problem && typeof problem.code === 'string') throw new Refused(problem);
  throw new Unreachable(`status ${response.status}`);
}
