import { setTimeout as wait } from 'node:timers/promises';
import { Commands as C } from '@teamtalk/protocol';
import { Peer, type User } from './peer.js';
import { ServerWatch, type WatchedServer } from './server-watch.js';
import type { Target } from './target.js';

/** Interval of the check whether the servers are back, milliseconds. */
const pollIntervalMs = 250;

/** The servers of an installation, any of which a case may kill. */
export class Installation {
  readonly #servers: readonly WatchedServer[];
  readonly #deadlineMs: number;
  readonly #canLogIn: () => Promise<void>;
  #watch: ServerWatch;

  /**
   * @param user who asks where the file_servers are
   * @param canLogIn throws when a login fails at one of the msg_servers
   * @throws Error when one of the servers does not answer
   */
  static async watch(target: Target, user: User, canLogIn: () => Promise<void>): Promise<Installation> {
    const servers = [...serversOf(target), ...(await fileServers(target, user))];
    const watch = await ServerWatch.start(servers, target.deadlineMs);
    return new Installation(servers, target.deadlineMs, canLogIn, watch);
  }

  private constructor(
    servers: readonly WatchedServer[],
    deadlineMs: number,
    canLogIn: () => Promise<void>,
    watch: ServerWatch,
  ) {
    this.#servers = servers;
    this.#deadlineMs = deadlineMs;
    this.#canLogIn = canLogIn;
    this.#watch = watch;
  }

  /**
   * Describes servers that have died since the last check; undefined if none.
   * @param thorough also tries a login, the only check of the servers behind msg_server
   */
  async harm({ thorough }: { thorough: boolean }): Promise<string | undefined> {
    const died = await this.#watch.died();
    if (died.length > 0) return `${died.join(', ')} died`;
    if (!thorough) return undefined;
    try {
      await this.#canLogIn();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** @returns milliseconds until all servers were back and accepted a login; undefined after `deadlineMs` */
  async untilBack(deadlineMs: number): Promise<number | undefined> {
    const start = performance.now();
    this.#watch.stop();
    for (;;) {
      try {
        this.#watch = await ServerWatch.start(this.#servers, this.#deadlineMs);
        await this.#canLogIn();
        return performance.now() - start;
      } catch {
        this.#watch.stop();
      }
      if (performance.now() - start > deadlineMs) return undefined;
      await wait(pollIntervalMs);
    }
  }

  stop(): void {
    this.#watch.stop();
  }
}

function serversOf({ servers, loginTcp, loginHttp, http, msfs }: Target): WatchedServer[] {
  const watched = servers.map((address) => named('msg_server', address));
  if (loginTcp) watched.push(named('login_server', loginTcp));
  for (const [name, url] of Object.entries({ login_server: loginHttp, http_msg_server: http, msfs })) {
    if (url) watched.push(named(name, addressOf(url)));
  }
  return watched;
}

/** The file_servers in the answer 0x050a. */
async function fileServers({ servers, deadlineMs, legacy }: Target, user: User): Promise<WatchedServer[]> {
  const peer = await Peer.open({
    as: 'windows',
    label: user.name,
    address: servers[0]!,
    deadlineMs,
    legacy,
  });
  try {
    await peer.logIn(user);
    const { ipAddrList } = await peer.ask(C.FileHasOfflineReq, C.FileHasOfflineRes, { userId: user.id });
    return ipAddrList.map(({ ip: host, port }) => named('file_server', { host, port }));
  } finally {
    peer.raw.close();
  }
}

function named(service: string, { host, port }: { host: string; port: number }): WatchedServer {
  return { name: `${service} ${host}:${port}`, host, port };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
