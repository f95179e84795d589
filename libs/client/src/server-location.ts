import { ClientError } from './errors.js';

export interface ServerAddress {
  host: string;
  port: number;
  /** URL of its WebSocket, if it is reached by WebSocket. */
  url?: string;
}

/**
 * How to find the msg_server: its address, the base URL of a login_server (both use TCP, which browsers do not have), or
 * its WebSocket URL, `ws:` or `wss:`. If there are several URLs, each attempt tries all of them in random order.
 */
export type ServerLocation =
  | { host: string; port: number }
  | { loginServer: string }
  | { url: string | readonly string[] };

/**
 * The addresses to dial, best first.
 *
 * @throws ClientError `unreachable` when the login_server has none, or `signal` is aborted first
 */
export async function findServers(location: ServerLocation, signal: AbortSignal): Promise<ServerAddress[]> {
  if ('host' in location) return [{ host: location.host, port: location.port }];
  if ('url' in location) return shuffled(webSocketAddresses(location.url));
  const { loginServer } = location;
  return addressesIn(loginServer, await ask(loginServer, signal));
}

/** @throws RangeError when one is not a WebSocket URL, or there is none */
export function webSocketAddresses(urls: string | readonly string[]): ServerAddress[] {
  const addresses = [urls].flat().map(webSocketAddress);
  if (addresses.length === 0) throw new RangeError('there is no WebSocket URL');
  return addresses;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function webSocketAddress(url: string): ServerAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['ws:', 'wss:'].includes(parsed.protocol)) {
    throw new RangeError(`${url} is not a ws: or wss: URL`);
  }
  const port = Number(parsed.port) || (parsed.protocol === 'wss:' ? 443 : 80);
  return { host: parsed.hostname, port, url };
}

/** A file_server's WebSocket URL from its TCP address: a URL with `{host}` and `{port}`, or a function. */
export type FileServerUrl = string | ((server: { host: string; port: number }) => string);

/** @throws RangeError when it is not a WebSocket URL */
export function fileServerAddress(server: ServerAddress, url: FileServerUrl | undefined): ServerAddress {
  if (url === undefined) return server;
  if (typeof url === 'function') return webSocketAddress(url(server));
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return webSocketAddress(url.replaceAll('{host}', host).replaceAll('{port}', String(server.port)));
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
