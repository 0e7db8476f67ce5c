// A refusal of the server as a sentence beside the field that it is about.

import { Refused, Unreachable } from '../app/rest';
import { settings } from '../app/settings.svelte';
import type { Problem } from '../core/protocol';
import { words } from './words';

export function why(error: unknown): string {
  const { refusal } = words();
  if (error instanceof Refused) return sentence(error.problem);
  return error instanceof Unreachable ? refusal.unreachable : refusal.other;
}

export function sentence(problem: Problem): string {
  const { refusal } = words();
  const field = problem.field ?? '';
  const least = /at least (\d+)/.exec(problem.detail ?? '')?.[1];
  if (problem.code === 'limit_reached' && least !== undefined) {
    return refusal.least[field] ?? refusal.atLeast(Number(least));
  }
  const last = (field.split('.').at(-1) ?? '').replace(/\[\d+\]$/, '');
  const special = refusal.special[`${problem.code} ${field}`] ?? refusal.special[`${problem.code} ${last}`];
  if (special) return special;
  if (problem.code === 'limit_reached' && problem.limit !== undefined) return refusal.limit(problem.limit);
  if (problem.code === 'invalid' || problem.code === 'too_large') {
    if (problem.rule) return refusal.rule(inWords(problem.rule));
    return refusal.invalid;
  }
  const known = (refusal.code as Record<string, string>)[problem.code];
  return known ?? (settings.t.problem as Record<string, string>)[problem.code] ?? refusal.other;
}

/** The server's rules are short English phrases; the common ones are said in the reader's language. */
function inWords(rule: string): string {
  const { refusal } = words();
  for (const [pattern, say] of refusal.rules) {
    const found = pattern.exec(rule);
    if (found) return say(...found.slice(1));
  }
  return rule;
}
