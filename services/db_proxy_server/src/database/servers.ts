import { TeamTalkError, withDeadline, withoutSecrets } from '@teamtalk/service-kit';
import pg from 'pg';

/** In SQL: which history of the database a primary continues; grows with each promotion. */
const timeline = `CASE WHEN pg_is_in_recovery() THEN 0
  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int4 END AS timeline`;

/**
 * What a server must be for us, by `target_session_attrs` as libpq has it: a statement that says whether it is not.
 * `read-write` is the default where several servers are named: one of them takes writes.
 */
const refusals = {
  any: undefined,
  'read-write': `SELECT current_setting('transaction_read_only') = 'on' AS refused, ${timeline}`,
  primary: `SELECT pg_is_in_recovery() AS refused, ${timeline}`,
} as const;
type SessionAttributes = keyof typeof refusals;

/** How long a server has to answer when it is asked whether it is the one, milliseconds. */
const searchMs = 2_000;
const several = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^@/?#]*)([/?#].*)?$/;

interface Server {
  readonly host: string;
  readonly port: number;
}

interface DatabaseUrl {
  /** a URL for each server */
  readonly urls: readonly string[];
  readonly attributes: SessionAttributes;
}

/**
 * Reads `postgres://user:password@host:port,host:port/name?target_session_attrs=read-write`.
 * @throws Error that says what is wrong, without a secret
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const [, begin = '', hosts = '', end = ''] = several.exec(text) ?? [];
  const urls = hosts.split(',').map((host) => `${begin}${host}${end}`);
  const parsed = urls.map((url) => (URL.canParse(url) ? new URL(url) : undefined));
  const [first, ...others] = parsed;
  if (!begin || !first || others.some((url) => !url?.hostname)) {
    throw new Error(
      'must be a URL that starts with postgres:// or postgresql://; several servers are separated by commas: postgres://user:password@host:port,host:port/name',
    );
  }
  const given = first.searchParams.get('target_session_attrs') ?? (others.length > 0 ? 'read-write' : 'any');
  if (!Object.hasOwn(refusals, given)) {
    throw new Error(`target_session_attrs must be one of ${Object.keys(refusals).join(', ')}`);
  }
  return { urls, attributes: given as SessionAttributes };
}

/**
 * The servers a database URL names. Of several, all are asked at once whenever a connection is made or ends, and who
 * answers first that it is what we need is the one. Connections to any other are cut then: its network may be gone
 * without a word, and each of them would be waited for by somebody.
 */
export class Servers {
  /** For pools and clients: with it, `Client` and `connectionString` of theirs, they find the server by themselves. */
  readonly options: { readonly connectionString: string; readonly Client: new () => pg.Client };
  readonly #urls: readonly string[];
  readonly #servers: readonly Server[];
  readonly #refusal: string | undefined;
  readonly #shown: string;
  /** open connections */
  readonly #clients = new Map<pg.Client, Server>();
  /** The newest timeline seen: a primary on an older one has been replaced, and comes back. */
  #timeline = 0;
  #search: Promise<Server> | undefined;

  /** @throws Error as parseDatabaseUrl */
  constructor(url: string) {
    const { urls, attributes } = parseDatabaseUrl(url);
    this.#urls = urls;
    this.#refusal = refusals[attributes];
    this.#servers = urls.map((each) => {
      const { host, port } = new pg.Client(each);
      return { host, port };
    });
    this.#shown = withoutSecrets(url);
    this.options = { connectionString: urls[0]!, Client: this.#clientClass() };
  }

  /** A connection by itself, not open yet. */
  client(config: pg.ClientConfig): pg.Client {
    const { connectionString, Client } = this.options;
    return new (Client as typeof pg.Client)({ ...config, connectionString });
  }

  /** pg's client, which looks for its server when it connects. */
  #clientClass(): new () => pg.Client {
    const connectTo = (server: Server, connect: () => Promise<unknown>, client: pg.Client) =>
      this.#connect(server, connect, client);
    const choose = () => this.#choose();
    class FailoverClient extends pg.Client {
      override connect(): Promise<pg.Client>;
      override connect(callback: (error: Error) => void): void;
      override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
        const connected = choose().then(async (server) => {
          Object.assign(this, server);
          await connectTo(server, () => super.connect(), this);
          return this as pg.Client;
        });
        if (!callback) return connected;
        connected.then(() => callback(undefined as unknown as Error), callback);
        return undefined;
      }
    }
    return FailoverClient;
  }

  async #connect(server: Server, connect: () => Promise<unknown>, client: pg.Client): Promise<void> {
    // A pool listens for errors only once it has the client: one that came before, under the question, would end the process.
    client.on('error', () => {});
    await connect();
    await this.#require(client);
    if (this.#servers.length === 1) return;
    this.#clients.set(client, server);
    client.once('end', () => {
      this.#clients.delete(client);
      // That none is found is seen by whoever needs one.
      if (this.#clients.size > 0) this.#choose().catch(() => {});
    });
  }

  /** @throws TeamTalkError `unavailable` when the server is not what we need; the connection is then closed */
  async #require(client: pg.Client): Promise<void> {
    if (!this.#refusal) return;
    try {
      const asked = client.query<{ refused: boolean; timeline: number }>(this.#refusal);
      const { rows } = await withDeadline(asked, searchMs, 'the answer of PostgreSQL');
      const [row] = rows;
      if (row?.refused) throw new TeamTalkError('unavailable', 'it takes no writes: a standby, or read-only');
      if (this.#servers.length > 1 && row && row.timeline < this.#timeline) {
        throw new TeamTalkError('unavailable', 'it was replaced: another one was promoted since');
      }
      this.#timeline = row?.timeline ?? 0;
    } catch (error) {
      cut(client);
      throw error;
    }
  }

  async #choose(): Promise<Server> {
    if (this.#servers.length === 1) return this.#servers[0]!;
    this.#search ??= this.#find().finally(() => {
      this.#search = undefined;
    });
    return this.#search;
  }

  async #find(): Promise<Server> {
    const clients: pg.Client[] = [];
    const ask = async (server: Server, i: number) => {
      const client = new pg.Client({
        connectionString: this.#urls[i]!,
        connectionTimeoutMillis: searchMs,
        query_timeout: searchMs,
      });
      clients.push(client);
      client.on('error', () => {});
      await client.connect();
      await this.#require(client);
      return server;
    };
    try {
      const found = await Promise.any(this.#servers.map(ask));
      for (const [client, server] of this.#clients) if (server !== found) cut(client);
      return found;
    } catch (error) {
      const reasons = (error as AggregateError).errors.map(
        (each: Error, i) =>
          `${this.#servers[i]!.host}:${this.#servers[i]!.port}: ${each.message || each.name}`,
      );
      throw new TeamTalkError(
        'unavailable',
        `no server of ${this.#shown} can be used (${reasons.join('; ')})`,
        { cause: error },
      );
    } finally {
      clients.forEach(cut);
    }
  }
}

/** Ends a connection at once, whatever is in flight; that fails. */
function cut({ connection }: pg.Client): void {
  connection.stream.destroy();
}
