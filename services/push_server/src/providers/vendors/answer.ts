import type { HttpsAnswer } from '../https-client.js';
import { credentialsPauseMs, type Outcome } from '../provider.js';

/** Pause when a day's quota is used up, which ends at midnight or by a person, milliseconds. */
const quotaPauseMs = 3_600_000;
/** Pause where a provider refuses a push that somebody may have to mend, and others may be accepted, milliseconds. */
const pauseMs = 60_000;

/** What the codes of a vendor mean; of those that are not in it, a push is refused. */
export interface CodeTable {
  accepted: readonly number[];
  /** the token that the request carries is refused */
  unauthorized?: readonly number[];
  gone?: readonly number[];
  /** the vendor is busy or out of order */
  retry?: readonly number[];
  /** the same, after a minute */
  later?: readonly number[];
  /** the account or the app may send nothing */
  blocked?: readonly number[];
  /** the day's quota is used up */
  quota?: readonly number[];
}

/** The JSON of an answer. @returns empty: there is none, as from a proxy */
export function jsonOf({ body }: HttpsAnswer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Text of an answer, in the length of a reason. */
export const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 100) : '';

/**
 * What a vendor's answer means, by its code in the JSON.
 * @param code undefined: there is none
 * @returns undefined: the token is refused
 */
export function outcomeBy(
  table: CodeTable,
  { status, retryAfterMs }: HttpsAnswer,
  code: number | undefined,
  { id, text }: { id: unknown; text: unknown },
): Outcome | undefined {
  const reason = [code ?? `status ${status}`, textOf(text)].filter((part) => part !== '').join(' ');
  const wish = retryAfterMs === undefined ? {} : { afterMs: retryAfterMs };
  const has = (codes: readonly number[] | undefined) => code !== undefined && codes?.includes(code);
  if (has(table.accepted)) return { kind: 'accepted', id: textOf(id) };
  if (has(table.gone)) return { kind: 'gone', reason };
  if (has(table.unauthorized)) return undefined;
  if (has(table.retry)) return { kind: 'retry', reason, ...wish };
  if (has(table.later)) return { kind: 'retry', reason, afterMs: retryAfterMs ?? pauseMs };
  if (has(table.blocked)) return { kind: 'blocked', reason, afterMs: credentialsPauseMs };
  if (has(table.quota)) return { kind: 'blocked', reason, afterMs: retryAfterMs ?? quotaPauseMs };
  if (status === 429 || status >= 500) return { kind: 'retry', reason, ...wish };
  if (code !== undefined) return { kind: 'refused', reason };
  if (status === 401) return undefined;
  if (status === 403 || status === 404) return { kind: 'blocked', reason, afterMs: credentialsPauseMs };
  // Without a code nobody knows what became of it.
  return { kind: 'retry', reason, unsure: true };
}
