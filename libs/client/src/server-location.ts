import { ClientError } from './errors.js';

export interface ServerAddress {
  host: string;
  port: number;
}

/** How to find the msg_server: its address, or the base URL of a login_server. */
export type ServerLocation = ServerAddress | { loginServer: string };

/**
 * The addresses to dial, best first.
 *
 * @throws ClientError `unreachable` when the login_server has none, or `signal` is aborted first
 */
export async function findServers(location: ServerLocation, signal: AbortSignal): Promise<ServerAddress[]> {
  if ('host' in location) return [location];
  const { loginServer } = location;
  return addressesIn(loginServer, await ask(loginServer, signal));
}

/**
 * The base URL of msfs, from a login_server.
 *
 * @throws ClientError `unreachable` when it has none, or `signal` is aborted first
 */
export async function findMsfs(loginServer: string, signal: AbortSignal): Promise<string> {
  const { msfsPrior } = Object(await ask(loginServer, signal)) as Record<string, unknown>;
  if (typeof msfsPrior === 'string' && /^https?:/.test(msfsPrior) && URL.canParse(msfsPrior))
    return msfsPrior;
  throw new ClientError('unreachable', `login_server ${loginServer} names no msfs`);
}

/** The response of `GET /msg_server` of a login_server. */
async function ask(loginServer: string, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(new URL('/msg_server', loginServer), { signal });
    return await response.json();
  } catch (error) {
    throw new ClientError('unreachable', `login_server ${loginServer} does not answer: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Reads the JSON of `GET /msg_server` (client-behaviour.md#the-answer-of-login_server); its `port` is a string. */
function addressesIn(loginServer: string, answer: unknown): ServerAddress[] {
  const { code, msg, priorIP, backupIP, port } = Object(answer) as Record<string, unknown>;
  if (code !== 0) {
    throw new ClientError(
      'unreachable',
      `login_server ${loginServer} has no msg_server: ${msg} (code ${code})`,
    );
  }
  const hosts = [priorIP, backupIP].filter((host) => typeof host === 'string' && host !== '') as string[];
  const number = Number(port);
  if (hosts.length === 0 || !Number.isInteger(number) || number < 1 || number > 65535) {
    throw new ClientError('unreachable', `login_server ${loginServer} gave no usable address`);
  }
  return [...new Set(hosts)].map((host) => ({ host, port: number }));
}

/** The human-readable reason of a failed `fetch` or dial: the innermost message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  // Dialling a name with several addresses fails with an AggregateError without a message.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.message || error.name;
}
