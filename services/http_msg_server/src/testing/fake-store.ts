import { type Bus, HeartbeatPublisher } from '@teamtalk/bus';
import { apps, type httpApi, messages, RpcServer, teamtalk } from '@teamtalk/rpc';
import { createKit } from '@teamtalk/service-kit';

const { AppendStatus } = teamtalk.db;

/** What the store says to an entry; undefined: nothing. */
export type Decision = teamtalk.db.AppendStatus | undefined | Promise<teamtalk.db.AppendStatus | undefined>;

/** A db_proxy_server that stores nothing, but speaks gRPC and announces itself. */
export class FakeStore {
  /** Everything that arrived, in order. */
  readonly entries: teamtalk.db.AppendEntry[] = [];
  /** Replace it to refuse, to wait, or to say nothing. */
  decide: (entry: teamtalk.db.AppendEntry) => Decision = () => AppendStatus.APPEND_STORED;
  /** The apps there are. */
  apps: httpApi.api.App.$Properties[] = [];
  /** How often they were asked for. */
  appQuestions = 0;
  readonly #nonces = new Set<string>();
  /** of the caller, as its frames say */
  originInstance = 0;
  readonly #kit = createKit('fake_store', { logLevel: 'silent', shutdownMs: 5_000 });

  static async start(bus: Bus): Promise<FakeStore> {
    const store = new FakeStore();
    const kit = store.#kit;
    const server = new RpcServer(kit);
    server.stream(messages.append, (stream) => {
      stream.onData((frame) => {
        store.originInstance = frame.originInstance;
        for (const entry of frame.entries as teamtalk.db.AppendEntry[]) {
          store.entries.push(entry);
          const msgId = store.entries.length;
          void Promise.resolve(store.decide(entry)).then((status) => {
            if (status === undefined) return;
            stream.write({ results: [{ requestId: entry.requestId, status, msgId }] });
          });
        }
      });
    });
    server.unary(apps.listApps, async () => {
      store.appQuestions++;
      return { apps: store.apps };
    });
    server.unary(apps.useNonce, async ({ nonce }) => {
      const known = store.#nonces.size;
      store.#nonces.add(Buffer.from(nonce).toString());
      return { fresh: store.#nonces.size > known };
    });
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    const heartbeats = new HeartbeatPublisher(
      bus,
      { instance: kit.instance, service: 'db_proxy_server', hostname: 'test' },
      () => ({ rpcAddress: `127.0.0.1:${port}` }),
    );
    kit.life.onStop('deregistration', () => heartbeats.stop());
    return store;
  }

  /** The only entry that arrived. */
  get only(): teamtalk.db.AppendEntry {
    if (this.entries.length !== 1) throw new Error(`${this.entries.length} entries arrived`);
    return this.entries[0] as teamtalk.db.AppendEntry;
  }

  /** Says nothing to the entries from now on until the given function is called: then they are stored. */
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
