import { AccountRefused, type FetchedToken } from './cached-token.js';
import type { HttpsClient } from './https-client.js';

/**
 * Fetches an access token from an OAuth token endpoint (RFC 6749).
 * @throws AccountRefused when the request is refused; Error when there is no response within `ms`, or no token in it
 */
export async function fetchAccessToken(
  client: HttpsClient,
  url: URL,
  form: Readonly<Record<string, string>>,
  ms: number,
): Promise<FetchedToken> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = Buffer.from(new URLSearchParams(form).toString());
  const answer = await client.post(url, headers, body, ms);
  const { status } = answer;
  if (status >= 400 && status < 500 && status !== 429)
    throw new AccountRefused(reasonOf(answer.body, status));
  if (status !== 200) throw new Error(`token endpoint: status ${status}`);
  const { access_token: value, expires_in: seconds } = JSON.parse(answer.body) as Record<string, unknown>;
  if (typeof value !== 'string' || typeof seconds !== 'number') throw new Error('token endpoint: no token');
  return { value, lifeMs: seconds * 1_000 };
}

function reasonOf(body: string, status: number): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string' || typeof error === 'number') return String(error).slice(0, 100);
  } catch {
    // Not JSON; the status has to suffice.
  }
  return `token endpoint: status ${status}`;
}
