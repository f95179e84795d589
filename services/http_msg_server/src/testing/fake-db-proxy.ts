import { type Bus, HeartbeatPublisher } from '@teamtalk/bus';
import { administration, apps, bots, type httpApi, messages, RpcServer, teamtalk } from '@teamtalk/rpc';
import { createKit, TeamTalkError, tokenHash } from '@teamtalk/service-kit';

const { AppendStatus } = teamtalk.db;

/** The store's result for an entry; undefined: no response. */
export type Decision = teamtalk.db.AppendStatus | undefined | Promise<teamtalk.db.AppendStatus | undefined>;

/** A db_proxy_server that stores nothing, but serves gRPC and sends heartbeats. */
export class FakeDbProxy {
  /** All entries received, in order. */
  readonly entries: teamtalk.db.AppendEntry[] = [];
  /** Replace it to refuse an entry, to delay its result or to send none. */
  decide: (entry: teamtalk.db.AppendEntry) => Decision = () => AppendStatus.APPEND_STORED;
  /** The apps it lists. */
  apps: httpApi.api.App.$Properties[] = [];
  /** How often they were listed. */
  appQuestions = 0;
  /** Existing hooks, by token. */
  readonly hooks = new Map<string, httpApi.api.Hook.$Properties>();
  /** Number of look-ups of hooks. */
  hookQuestions = 0;
  /** The discovery pages. */
  discovery: httpApi.api.DiscoveryItem.$Properties[] = [];
  /** How often they were listed. */
  discoveryQuestions = 0;
  /** Refuses to list them. */
  failDiscovery = false;
  readonly #nonces = new Set<string>();
  /** the caller's, from its frames */
  originInstance = 0;
  readonly #kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 5_000 });

  static async start(bus: Bus): Promise<FakeDbProxy> {
    const proxy = new FakeDbProxy();
    const kit = proxy.#kit;
    const server = new RpcServer(kit);
    server.stream(messages.append, (stream) => {
      stream.onData((frame) => {
        proxy.originInstance = frame.originInstance;
        for (const entry of frame.entries as teamtalk.db.AppendEntry[]) {
          proxy.entries.push(entry);
          const msgId = proxy.entries.length;
          void Promise.resolve(proxy.decide(entry)).then((status) => {
            if (status === undefined) return;
            stream.write({ results: [{ requestId: entry.requestId, status, msgId }] });
          });
        }
      });
    });
    server.unary(apps.listApps, async () => {
      proxy.appQuestions++;
      return { apps: proxy.apps };
    });
    server.unary(apps.useNonce, async ({ nonce }) => {
      const known = proxy.#nonces.size;
      proxy.#nonces.add(Buffer.from(nonce).toString());
      return { fresh: proxy.#nonces.size > known };
    });
    server.unary(bots.findHook, async ({ tokenHash: hash }) => {
      proxy.hookQuestions++;
      for (const [token, hook] of proxy.hooks) if (tokenHash(token).equals(hash)) return { hook };
      return {};
    });
    server.unary(administration.listDiscovery, async () => {
      proxy.discoveryQuestions++;
      if (proxy.failDiscovery) throw new TeamTalkError('unavailable', 'no database');
      return { items: proxy.discovery };
    });
    server.unary(bots.findReceiver, async ({ receiver }) => (receiver === '#ops' ? { groupId: 5 } : {}));
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    const heartbeats = new HeartbeatPublisher(
      bus,
      { instance: kit.instance, service: 'db_proxy_server', hostname: 'test' },
      () => ({ rpcAddress: `127.0.0.1:${port}` }),
    );
    kit.life.onStop('deregistration', () => heartbeats.stop());
    return proxy;
  }

  /** The only entry received; throws if there are more or none. */
  get only(): teamtalk.db.AppendEntry {
    if (this.entries.length !== 1) throw new Error(`${this.entries.length} entries arrived`);
    return this.entries[0] as teamtalk.db.AppendEntry;
  }

  /** Delays the results of entries from now on. @returns a function that lets them be stored */
  hold(): () => void {
    let release = () => {};
    const answer = new Promise<teamtalk.db.AppendStatus>((resolve) => {
      release = () => resolve(AppendStatus.APPEND_STORED);
    });
    this.decide = () => answer;
    return release;
  }

  stop(): Promise<void> {
    return this.#kit.life.stop();
  }
}
