import { every, type Kit, withDeadline } from '@teamtalk/service-kit';
import type { Client } from 'pg';
import { connectionName } from '../../database/running-programs.js';
import type { Servers } from '../../database/servers.js';
import { ownerLockClass } from './reclaimer.js';

const retryMs = 250;
/** Interval and timeout of the connection probe, milliseconds. */
const probeMs = 2_000;

/**
 * Holds the advisory lock by which the other replicas see that this instance is alive and delivers its own outbox rows.
 * It uses a connection of its own, and reconnects when that breaks.
 */
export class OwnerLock {
  readonly #servers: Servers;
  readonly #kit: Kit;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopProbing: (() => Promise<void>) | undefined;
  #stopped = false;

  constructor(servers: Servers, kit: Kit) {
    this.#servers = servers;
    this.#kit = kit;
  }

  /**
   * Takes the lock and keeps it from then on.
   * @throws the error of pg when the lock is not available; may be called again
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
    void this.#stopProbing?.();
    this.#stopProbing = every(probeMs, () => this.#check(client));
    // The two keys of the lock are int4.
    await client.query('SELECT pg_advisory_lock($1, $2)', [ownerLockClass, this.#kit.instance | 0]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    void this.#stopProbing?.();
    await this.#client?.end();
  }

  /** A server that vanished silently may keep the connection open for hours; the lock is needed on its successor. */
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
        this.#kit.log.debug({ err: error }, 'owner lock not acquired; retrying');
        if (this.#client) this.#again(this.#client);
      });
    }, retryMs);
  }
}
