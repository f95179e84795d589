import { type Kit, withDeadline } from '@teamtalk/service-kit';
import type { Client } from 'pg';
import { connectionName } from '../../database/running-programs.js';
import type { Servers } from '../../database/servers.js';
import { ownerLockClass } from './reclaimer.js';

const retryMs = 250;
/** How often the connection is tried, and how long it has to answer, milliseconds. */
const probeMs = 2_000;

/**
 * Holds the advisory lock that tells the other replicas that this instance lives and looks after its own
 * outbox rows. It has a connection of its own; when that breaks, it is made anew.
 */
export class OwnerLock {
  readonly #servers: Servers;
  readonly #kit: Kit;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(servers: Servers, kit: Kit) {
    this.#servers = servers;
    this.#kit = kit;
  }

  /**
   * Takes the lock, and from then on keeps it.
   * @throws what PostgreSQL says when it cannot be had now; it may be called again
   */
  async start(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      clearTimeout(this.#retry);
      this.#client?.end().catch(() => {});
      this.#client = undefined;
      throw error;
    }
  }

  async #take(): Promise<void> {
    const client = this.#servers.client({
      application_name: connectionName('owner lock'),
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    client.on('error', () => this.#again(client));
    client.on('end', () => this.#again(client));
    this.#client = client;
    await client.connect();
    clearInterval(this.#probe);
    this.#probe = setInterval(() => void this.#check(client), probeMs);
    // The lock's two keys are signed 32-bit numbers.
    await client.query('SELECT pg_advisory_lock($1, $2)', [ownerLockClass, this.#kit.instance | 0]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#probe);
    await this.#client?.end();
  }

  /** A server that is gone without a word breaks no connection for hours, and the lock is needed at its successor. */
  async #check(client: Client): Promise<void> {
    if (this.#client !== client) return;
    try {
      await withDeadline(client.query('SELECT 1'), probeMs, 'the answer at the owner lock');
    } catch {
      client.end().catch(() => {});
      this.#again(client);
    }
  }

  #again(client: Client): void {
    if (this.#stopped || this.#client !== client) return;
    this.#client = undefined;
    this.#retry = setTimeout(() => {
      this.#take().catch((error: unknown) => {
        this.#kit.log.debug({ err: error }, 'the owner lock cannot be had yet');
        if (this.#client) this.#again(this.#client);
      });
    }, retryMs);
  }
}
