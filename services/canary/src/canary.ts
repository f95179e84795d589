import { ClientError, LoginRefused } from '@teamtalk/client';
import { createTextCodec, type TextCodec } from '@teamtalk/protocol';
import { every, formatInstance, type Kit } from '@teamtalk/service-kit';
import { canaryPrefix, spread } from './accounts.js';
import type { CanaryConfig } from './config.js';
import { CanaryConnection } from './connection.js';
import { FaultLog } from './fault-log.js';
import { CanaryGroup } from './group.js';
import { type Delivery, Ledger } from './ledger.js';
import { CanaryMetrics } from './metrics.js';
import { findServers } from './servers.js';

/** Interval between checks of the servers and the logins, milliseconds. */
const lookMs = 1_000;
const writeMs = 100;
const judgeMs = 1_000;
/** Pause after a failed login, and after an account was kicked by another login, milliseconds. */
const retryMs = { failed: 3_000, kicked: 60_000 };
/** Maximum concurrent logins. */
const loginsAtOnce = 50;

interface Account {
  readonly name: string;
  /** undefined: no msg_server known */
  server: string | undefined;
  connection: CanaryConnection | undefined;
  /** earliest time of the next login, as of performance.now() */
  retryAt: number;
  /** the last login failed, which has been logged */
  isFailing: boolean;
}

/**
 * Keeps accounts logged in at every msg_server that continuously send messages to their common group, so that each message
 * goes from one msg_server to all of them.
 */
export class Canary {
  readonly #config: CanaryConfig;
  readonly #kit: Kit;
  readonly #codec: TextCodec;
  readonly #accounts: readonly Account[];
  readonly #group = new CanaryGroup();
  readonly #ledger: Ledger;
  readonly #metrics: CanaryMetrics;
  readonly #faults: FaultLog;
  readonly #stops: (() => Promise<void>)[];
  /** prefix of all texts in this run */
  readonly #mark: string;
  #servers: readonly string[] = [];
  #dnsFails = false;
  #groupFails = false;
  #number = 0;
  #next = 0;
  /** messages due to be sent, and when that was last computed, as of performance.now() */
  #due = { messages: 0, since: performance.now() };
  #judgedAt = performance.now();
  #stopped = false;

  constructor(config: CanaryConfig, kit: Kit) {
    this.#config = config;
    this.#kit = kit;
    this.#codec = createTextCodec(config.textKey);
    this.#mark = `canary ${formatInstance(kit.instance)} `;
    this.#faults = new FaultLog(kit.log);
    this.#accounts = Array.from({ length: config.users }, (_, k) => ({
      name: `${canaryPrefix}${k + 1}`,
      server: undefined,
      connection: undefined,
      retryAt: 0,
      isFailing: false,
    }));
    this.#metrics = new CanaryMetrics(kit.metrics, {
      servers: () => this.#servers.length,
      connectedServers: () => new Set(this.#online().map(({ server }) => server)).size,
      users: () => this.#accounts.length,
      onlineUsers: () => this.#online().length,
    });
    this.#ledger = new Ledger({
      lateMs: config.lateMs,
      lostMs: config.lostMs,
      onMessage: (outcome, ms) => this.#metrics.message(outcome, ms),
      onDelivery: (delivery) => this.#count(delivery),
    });
    this.#stops = [
      every(lookMs, () => this.#look()),
      every(writeMs, () => this.#write()),
      every(judgeMs, () => this.#judge()),
    ];
  }

  /** Whether at least two accounts are sending to each other. */
  get isWriting(): boolean {
    return this.#members().length > 1;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#stops.map((stop) => stop()));
    await Promise.all(this.#accounts.map(({ connection }) => connection?.client.close()));
  }

  #online(): CanaryConnection[] {
    return this.#accounts.flatMap(({ connection }) => (connection?.isOpen ? [connection] : []));
  }

  #members(): CanaryConnection[] {
    return this.#group.id === undefined
      ? []
      : this.#online().filter((connection) => this.#group.has(connection));
  }

  async #look(): Promise<void> {
    await this.#find();
    this.#place();
    await this.#logIn();
    if (this.#stopped) return;
    try {
      await this.#group.gather(this.#online());
      this.#groupFails = false;
    } catch (error) {
      // The next check replaces connections that have just ended.
      if (!this.#groupFails && !this.#stopped) this.#kit.log.info({ err: error }, 'canary group not joined');
      this.#groupFails = true;
    }
  }

  async #find(): Promise<void> {
    try {
      this.#servers = await findServers(this.#config.servers);
      this.#dnsFails = false;
    } catch (error) {
      // The servers found before may still exist.
      if (!this.#dnsFails) this.#kit.log.warn({ err: error }, 'DNS look-up of msg_servers failed');
      this.#dnsFails = true;
    }
  }

  #place(): void {
    const places = spread(
      this.#accounts.map(({ server }) => server),
      this.#servers,
    );
    for (const [k, account] of this.#accounts.entries()) {
      if (account.server === places[k]) continue;
      account.server = places[k];
      account.retryAt = 0;
      void account.connection?.client.close();
    }
  }

  async #logIn(): Promise<void> {
    const now = performance.now();
    for (const account of this.#accounts) {
      if (!account.connection?.isKicked) continue;
      this.#kit.log.warn({ account: account.name }, 'another login took the account');
      account.connection = undefined;
      account.retryAt = now + retryMs.kicked;
    }
    const due = this.#accounts.filter(
      ({ connection, retryAt, server }) => server !== undefined && !connection?.isOpen && retryAt <= now,
    );
    await Promise.all(due.slice(0, loginsAtOnce).map((account) => this.#open(account)));
  }

  async #open(account: Account): Promise<void> {
    const { name, server } = account;
    if (server === undefined || this.#stopped) return;
    try {
      account.connection = await CanaryConnection.open(name, server, this.#config, (connection, arrival) => {
        if (arrival.groupId !== this.#group.id) return;
        const number = this.#numberOf(arrival.data);
        this.#ledger.delivered(connection, number, arrival.msgId, performance.now());
      });
      account.isFailing = false;
      if (this.#stopped) await account.connection.client.close();
    } catch (error) {
      account.connection = undefined;
      account.retryAt = performance.now() + retryMs.failed;
      if (account.isFailing) return;
      account.isFailing = true;
      const wrong = error instanceof LoginRefused && !error.isTransient;
      this.#kit.log[wrong ? 'error' : 'warn']({ err: error, account: name, server }, 'canary login failed');
    }
  }

  #write(): void {
    const now = performance.now();
    const { rate } = this.#config;
    const messages = this.#due.messages + (rate * (now - this.#due.since)) / 1_000;
    // Messages missed while no account was online, or while this process stalled, are not made up for.
    this.#due = { messages: Math.min(messages, Math.max(1, (rate * writeMs * 2) / 1_000)), since: now };
    const members = this.#members();
    if (members.length < 2) return;
    for (; this.#due.messages >= 1; this.#due.messages--) this.#send(members, now);
  }

  #send(members: readonly CanaryConnection[], now: number): void {
    const sender = members[this.#next++ % members.length];
    const group = this.#group.id;
    if (!sender || group === undefined) return;
    const number = ++this.#number;
    const receivers = members.filter((member) => member !== sender);
    this.#ledger.sent(number, sender, receivers, now);
    sender.client.send({ group }, `${this.#mark}${number}`).then(
      ({ msgId }) => this.#ledger.acknowledged(number, msgId, performance.now()),
      (error: unknown) => {
        const code = error instanceof ClientError ? error.code : undefined;
        if (code === 'unknown-receiver') this.#group.forget();
        const hasNoAnswer = code === 'deadline-exceeded' || code === 'unknown-receiver';
        this.#ledger.failed(number, hasNoAnswer ? 'unacknowledged' : 'interrupted', performance.now());
      },
    );
  }

  /** The number of a message; undefined: not a message of this run. */
  #numberOf(data: Uint8Array): number | undefined {
    try {
      const text = this.#codec.decrypt(data);
      return text.startsWith(this.#mark) ? Number(text.slice(this.#mark.length)) : undefined;
    } catch {
      return undefined;
    }
  }

  #judge(): void {
    const now = performance.now();
    const late = now - this.#judgedAt - judgeMs;
    this.#judgedAt = now;
    this.#faults.flush();
    // After a stall, messages that have arrived in the meantime are read first and judged next time.
    if (late > judgeMs) this.#ledger.excuse(late);
    else this.#ledger.judge(now);
  }

  #count(delivery: Delivery): void {
    const { outcome, ms } = delivery;
    this.#metrics.delivery(outcome, ms);
    if (outcome === 'lost' || outcome === 'duplicated' || outcome === 'reordered') this.#faults.add(delivery);
  }
}
