import type { HttpsAnswer } from '../https-client.js';
import { credentialsPauseMs, type Outcome } from '../provider.js';

/** Least pause that Google asks for where its answer names none: of 429, and of 5xx, milliseconds. */
const quotaPauseMs = 60_000;

interface Failure {
  message: string;
  status: string;
  /** of FcmError; empty: none */
  errorCode: string;
  fields: string[];
}

/** What an answer means. An access token that is refused (401) is for the caller, who has one. */
export function outcomeOf(answer: HttpsAnswer): Outcome {
  const { status, body, retryAfterMs } = answer;
  if (status === 200) return { kind: 'accepted', id: nameOf(body) };
  const failure = failureOf(body);
  const reason = failure.errorCode || failure.status || `status ${status}`;
  switch (failure.errorCode) {
    case 'UNREGISTERED':
    case 'SENDER_ID_MISMATCH':
      return { kind: 'gone', reason };
    case 'THIRD_PARTY_AUTH_ERROR':
      return { kind: 'refused', reason };
  }
  if (status === 429) return { kind: 'retry', reason, afterMs: retryAfterMs ?? quotaPauseMs };
  if (status >= 500) {
    return { kind: 'retry', reason, ...(retryAfterMs !== undefined && { afterMs: retryAfterMs, all: true }) };
  }
  if (status === 400) return concernsToken(failure) ? { kind: 'gone', reason } : { kind: 'refused', reason };
  // The project is not known, or the account may not send for it.
  return { kind: 'blocked', reason, afterMs: credentialsPauseMs };
}

/** Of a token that cannot be one FCM says so in FcmError, or names its field. */
function concernsToken({ errorCode, fields, message }: Failure): boolean {
  if (fields.length > 0) return fields.includes('message.token');
  return errorCode === 'INVALID_ARGUMENT' && /registration token/i.test(message);
}

function nameOf(body: string): string {
  try {
    const { name } = JSON.parse(body) as { name?: unknown };
    return typeof name === 'string' ? name.slice(0, 200) : '';
  } catch {
    return '';
  }
}

function failureOf(body: string): Failure {
  const failure: Failure = { message: '', status: '', errorCode: '', fields: [] };
  try {
    const { error } = JSON.parse(body) as {
      error?: { message?: unknown; status?: unknown; details?: unknown };
    };
    failure.message = String(error?.message ?? '').slice(0, 500);
    failure.status = String(error?.status ?? '').slice(0, 100);
    const details = Array.isArray(error?.details) ? (error.details as Record<string, unknown>[]) : [];
    for (const { errorCode, fieldViolations } of details) {
      if (typeof errorCode === 'string') failure.errorCode = errorCode.slice(0, 100);
      if (!Array.isArray(fieldViolations)) continue;
      for (const { field } of fieldViolations as Record<string, unknown>[])
        failure.fields.push(String(field));
    }
  } catch {
    // Not JSON, as from a proxy: the status says enough.
  }
  return failure;
}
