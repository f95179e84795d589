import type { Definition } from '../../../src/api/definition.js';
import {
  type ApiReply,
  type ApiRequest,
  api,
  consoleHeader,
  type OperationId,
} from '../../../src/api/index.js';
import { ApiProblem } from './problem.js';

const deadlineMs = 20_000;

/** Arguments after the operation's id; the request is optional if the operation has no input. */
type Rest<Id extends OperationId> = keyof ApiRequest<Id> extends never
  ? [request?: undefined, signal?: AbortSignal]
  : [request: ApiRequest<Id>, signal?: AbortSignal];

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

let onLoggedOut = () => {};

/** @param listener called when a call fails because nobody is logged in */
export function whenLoggedOut(listener: () => void): void {
  onLoggedOut = listener;
}

/** Calls an operation of /admin/v1. @throws ApiProblem, or AbortError when `signal` aborts the call */
export async function call<Id extends OperationId>(id: Id, ...rest: Rest<Id>): Promise<ApiReply<Id>> {
  const [request = {}, signal] = rest as unknown as [request?: AnyRequest, signal?: AbortSignal];
  const definition: Definition = api[id];
  const response = await send(definition, request, signal);
  const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined);
  if (!response.ok) {
    const problem = ApiProblem.from(response.status, body);
    if (problem.kind === 'not-logged-in') onLoggedOut();
    throw problem;
  }
  return replyIn(definition, body) as ApiReply<Id>;
}

function replyIn({ reply, path }: Definition, body: unknown): unknown {
  if (!reply) return undefined;
  const checked = reply.safeParse(body);
  if (!checked.success) throw new ApiProblem('not-understood', path);
  return checked.data;
}

async function send(
  { method, path }: Definition,
  { params = {}, query = {}, body }: AnyRequest,
  signal?: AbortSignal,
): Promise<Response> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  const abort = () => deadline.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await fetch(pathWith(path, params) + queryText(query), {
      method: method.toUpperCase(),
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        accept: 'application/json',
        ...(method !== 'get' && { [consoleHeader]: '1' }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: deadline.signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(deadline.signal.aborted ? 'timeout' : 'unreachable');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function pathWith(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') words.set(name, String(value));
  }
  const text = words.toString();
  return text === '' ? '' : `?${text}`;
}
