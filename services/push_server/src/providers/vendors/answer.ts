import type { HttpsAnswer } from '../https-client.js';
import { credentialsPauseMs, type Outcome } from '../provider.js';

/** Pause when the daily quota is used up, which lasts until midnight or until somebody raises it, milliseconds. */
const quotaPauseMs = 3_600_000;
/** Pause of a single push whose refusal somebody may have to resolve, while others may be accepted, milliseconds. */
const pauseMs = 60_000;

/** Meaning of a vendor's result codes. A code that is not listed means that the push is refused. */
export interface CodeTable {
  accepted: readonly number[];
  /** the access token of the request is refused */
  unauthorized?: readonly number[];
  gone?: readonly number[];
  /** the vendor is overloaded or failing */
  retry?: readonly number[];
  /** retry after a minute */
  later?: readonly number[];
  /** the account or app may not send at all */
  blocked?: readonly number[];
  /** the daily quota is used up */
  quota?: readonly number[];
}

/** Parses the JSON of a response. @returns empty: it is not JSON, as from a proxy */
export function jsonOf({ body }: HttpsAnswer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A value from a response as text, truncated to the length of a reason. */
export const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 100) : '';

/**
 * Interprets a vendor's response by the code in its JSON.
 * @param code undefined: the response has none
 * @returns undefined: the access token was refused
 */
export function outcomeBy(
  table: CodeTable,
  { status, retryAfterMs }: HttpsAnswer,
  code: number | undefined,
  { id, text }: { id: unknown; text: unknown },
): Outcome | undefined {
  const reason = [code ?? `status ${status}`, textOf(text)].filter((part) => part !== '').join(' ');
  const wish = retryAfterMs === undefined ? {} : { afterMs: retryAfterMs, all: true as const };
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
  // Without a code it is unknown whether the push was accepted.
  return { kind: 'retry', reason, unsure: true };
}
