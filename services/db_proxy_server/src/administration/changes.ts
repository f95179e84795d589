import { TeamTalkError } from '@teamtalk/service-kit';
import { changesOf } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';

/** Outcome of a change by an administrator. */
export type SaveOutcome =
  | { result: 'saved'; id: number }
  | { result: 'not-found' | 'conflict' | 'unknown-department' | 'changed' };

/** Whether a field is no longer as the caller has read it. @param expected undefined: the caller does not say */
export function isChanged<Fields extends object>(
  current: { readonly [Name in keyof Fields]?: unknown },
  expected: Fields | undefined,
): boolean {
  return expected !== undefined && changesOf(current, expected) !== undefined;
}

/** @throws TeamTalkError `invalid-argument` when the text is set and not `min` to `max` characters long */
export function requireText(what: string, text: string | null | undefined, min: number, max: number): void {
  if (text === null || text === undefined) return;
  if (text.length >= min && isStorableText(text, max)) {
    // The audit keeps texts as JSON, which PostgreSQL refuses with half of a surrogate pair.
    if (!/\p{Surrogate}/u.test(text)) return;
    throw new TeamTalkError('invalid-argument', `${what} contains half of a surrogate pair`);
  }
  throw new TeamTalkError('invalid-argument', `${what} has ${min} to ${max} characters`);
}
