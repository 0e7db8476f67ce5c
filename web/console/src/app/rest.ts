// Questions over HTTP. Everything that changes a conversation goes over the socket instead.

import type { Problem, Upload } from '../core/protocol';

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** Nothing came back: no network, or no server. */
export class Unreachable extends Error {}

export async function ask<T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
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

/** Sends a file. `onPart` hears how much of it is there, from 0 to 1. */
export function upload(file: Blob, name: string, onPart: (part: number) => void) {
  const request = new XMLHttpRequest();
  const done = new Promise<Upload>((resolve, reject) => {
    request.open('POST', `/api/v1/files?name=${encodeURIComponent(name)}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onPart(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const answer = request.response as (Upload & Problem) | null;
      if (request.status === 201 && answer) resolve(answer);
      else if (answer && typeof answer.code === 'string') reject(new Refused(answer));
      else reject(new Unreachable(`status ${request.status}`));
    };
    request.onerror = () => reject(new Unreachable('no answer'));
    request.onabort = () => reject(new Unreachable('given up'));
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}

/** A window's picture; the server looks at it before it gives it a name. */
export async function sendPicture(file: File): Promise<{ id: string }> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/pictures?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'image/png' },
      body: file,
    });
  } catch (cause) {
    throw new Unreachable('no answer', { cause });
  }
  const answer = (await response.json().catch(() => null)) as ({ id: string } & Problem) | null;
  if (response.ok && answer) return answer;
  if (answer && typeof answer.code === 'string') throw new Refused(answer);
  throw new Unreachable(`status ${response.status}`);
}
