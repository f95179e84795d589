import { TeamTalkError, withDeadline, withoutSecrets } from '@teamtalk/service-kit';
import pg from 'pg';

/** In SQL: the timeline of a primary, which grows with each promotion; 0 for a standby. */
const timeline = `CASE WHEN pg_is_in_recovery() THEN 0
  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int4 END AS timeline`;

/**
 * For each value of libpq's `target_session_attrs`, a query for whether a server does not qualify. `read-write` is the
 * default where the URL names several servers.
 */
const refusals = {
  any: undefined,
  'read-write': `SELECT current_setting('transaction_read_only') = 'on' AS refused, ${timeline}`,
  primary: `SELECT pg_is_in_recovery() AS refused, ${timeline}`,
} as const;
type SessionAttributes = keyof typeof refusals;

/** Timeout of the role check of a server, milliseconds. */
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
 * @throws Error that names the problem without revealing a secret
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
 * The servers of a database URL. Of several, all are asked concurrently whenever a connection is opened or ends, and the
 * first that qualifies is used. Connections to the others are cut: their network may have failed silently, and callers
 * would wait for them.
 */
export class Servers {
  /** Options for a pg pool or client, so that it connects to the chosen server. */
  readonly options: { readonly connectionString: string; readonly Client: new () => pg.Client };
  readonly #urls: readonly string[];
  readonly #servers: readonly Server[];
  readonly #refusal: string | undefined;
  readonly #shown: string;
  /** open connections */
  readonly #clients = new Map<pg.Client, Server>();
  /** The newest timeline seen; a primary on an older one has been replaced. */
  #timeline = 0;
  #search: Promise<Server> | undefined;

  /** @throws Error as from parseDatabaseUrl */
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

  /** A single connection, not opened yet. */
  client(config: pg.ClientConfig): pg.Client {
    const { connectionString, Client } = this.options;
    return new (Client as typeof pg.Client)({ ...config, connectionString });
  }

  /** A pg client that chooses its server when it connects. */
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
    // A pool adds its error listener after connecting; an error during the role check would end the process.
    client.on('error', () => {});
    await connect();
    await this.#require(client);
    if (this.#servers.length === 1) return;
    this.#clients.set(client, server);
    client.once('end', () => {
      this.#clients.delete(client);
      // A failed search is reported when a connection is needed.
      if (this.#clients.size > 0) this.#choose().catch(() => {});
    });
  }

  /** @throws TeamTalkError `unavailable` when the server does not qualify; the connection is then closed */
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

/** Destroys a connection; statements in flight fail. */
function cut({ connection }: pg.Client): void {
  connection.stream.destroy();
}
