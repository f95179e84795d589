import type { Target } from './target.js';

/** What the HTTP API answers: `error_code` 0 is success. */
export type ApiAnswer = Record<string, unknown> & { error_code: number; error_msg: string };

/** Calls an interface of the HTTP API, `CreateGroup`. @throws Error when there is no JSON answer in time */
export async function callApi(target: Target, name: string, body: unknown): Promise<ApiAnswer> {
  const { http, appKey } = target;
  const text = typeof body === 'string' ? body : JSON.stringify({ app_key: appKey, ...(body as object) });
  return (await getJson(target, `${http}/query/${name}`, { method: 'POST', body: text })) as ApiAnswer;
}

/** @throws Error when there is no JSON answer in time */
export async function getJson({ deadlineMs }: Target, url: string, init: RequestInit = {}): Promise<unknown> {
  const text = await getText(deadlineMs, url, init);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${url} answers no JSON: ${text.slice(0, 100)}`, { cause: error });
  }
}

export async function getText(deadlineMs: number, url: string, init: RequestInit = {}): Promise<string> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(deadlineMs) });
    return await response.text();
  } catch (error) {
    throw new Error(`${url} does not answer`, { cause: error });
  }
}
