import {
  type Bus,
  directDeliveryMs,
  NobodyListensError,
  type Registry,
  rendezvous,
  type teamtalk,
  topics,
} from '@teamtalk/bus';
import type { Logger } from '@teamtalk/service-kit';
import type { Connection } from '../connection/connection.js';
import type { LocalUsers } from '../delivery/local-users.js';
import type { MsgServerMetrics } from '../metrics.js';
import { Followers } from './followers.js';

type Change = teamtalk.bus.PresenceChange.$Properties & { userId: number };

/** Milliseconds the route_servers have to respond; after that, those that did are enough. */
const answerMs = 1_000;
/** Milliseconds after which route_servers that have not responded are checked for liveness. */
const livenessCheckMs = 100;
/** Milliseconds to retry logins that no route_server responds to: all may be reconnecting to NATS. */
const retryWindowMs = 2_000;
/** Milliseconds between those retries. */
const retryIntervalMs = 200;
/** Attempts to find a route_server that acts on a change. */
const maxAttempts = 3;
/** Changes per update and sessions per snapshot page. */
const maxChanges = 1_000;

interface Pending {
  change: Change;
  /** Whether the change still holds; only then is it retried. */
  isCurrent: () => boolean;
  settle: (known: boolean) => void;
}

export interface PresencePublisherOptions {
  bus: Bus;
  instance: number;
  routeServers: Registry;
  dbProxies: Registry;
  users: LocalUsers;
  metrics: MsgServerMetrics;
  log: Logger;
}

/**
 * Publishes logins and disconnects to the route_servers, and to the db_proxy_servers that follow presence. The changes of
 * one event-loop turn are batched; they are numbered, so that a receiver notices when it misses one.
 */
export class PresencePublisher {
  readonly #options: PresencePublisherOptions;
  readonly #followers: Followers;
  readonly #inFlight = new Set<Promise<void>>();
  #seq = 0;
  #pending: Pending[] = [];
  #scheduled = false;

  constructor(options: PresencePublisherOptions) {
    this.#options = options;
    this.#followers = new Followers(options.dbProxies);
  }

  /** Number of the last published change. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Publishes that a connection has logged in.
   * @returns true once all route_servers have applied it, or at least one after a second, and no db_proxy_server sends
   * messages without knowing of it; false when no route_server has applied it after all retries
   */
  publishOnline(connection: Connection): Promise<boolean> {
    return new Promise((settle) => {
      this.#add({
        change: changeOf(connection, true),
        isCurrent: () => this.#options.users.connectionsOf(connection.userId).includes(connection),
        settle,
      });
    });
  }

  /** Publishes that a connection is gone. */
  publishOffline(connection: Connection): void {
    this.#add({ change: changeOf(connection, false), isCurrent: () => true, settle: () => {} });
  }

  /** All sessions as of the change `seq`, in pages. */
  snapshot(): teamtalk.bus.PresenceSnapshot.$Properties[] {
    // Otherwise the snapshot would contain changes that its number does not cover yet.
    this.#publishPending();
    const sessions: Change[] = [];
    for (const connection of this.#options.users.connections()) sessions.push(changeOf(connection, true));
    const pages: teamtalk.bus.PresenceSnapshot.$Properties[] = [];
    for (let i = 0; i === 0 || i < sessions.length; i += maxChanges) {
      pages.push({
        instance: this.#options.instance,
        seq: this.#seq,
        sessions: sessions.slice(i, i + maxChanges),
        last: i + maxChanges >= sessions.length,
      });
    }
    return pages;
  }

  /** Publishes waiting changes; resolves once the route_servers have responded or timed out. */
  async settle(): Promise<void> {
    this.#publishPending();
    await Promise.all(this.#inFlight);
  }

  #add(pending: Pending): void {
    this.#pending.push(pending);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#publishPending());
  }

  #publishPending(): void {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    const routeServers = this.#options.routeServers.all();
    // One route_server acts on all changes of a user, so that they cannot overtake each other.
    const byActor = new Map<number, Pending[]>();
    for (const each of pending) {
      const actor = rendezvous(each.change.userId, routeServers)?.instance ?? 0;
      const batch = byActor.get(actor);
      if (batch) batch.push(each);
      else byActor.set(actor, [each]);
    }
    for (const [actor, batch] of byActor) {
      for (let i = 0; i < batch.length; i += maxChanges) this.#start(actor, batch.slice(i, i + maxChanges));
    }
  }

  #start(actor: number, batch: Pending[]): void {
    const work = this.#publish(actor, batch).finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
  }

  async #publish(actor: number, batch: Pending[]): Promise<void> {
    const { metrics, log } = this.#options;
    let acked = await this.#ask(actor, batch, false);
    const end = performance.now() + retryWindowMs;
    while (acked.size === 0 && performance.now() < end) {
      const logins = batch.filter((each) => each.change.online && each.isCurrent());
      if (logins.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, retryIntervalMs));
      actor = rendezvous(logins[0]!.change.userId, this.#options.routeServers.all())?.instance ?? 0;
      acked = await this.#ask(actor, logins, false);
    }
    for (const { settle } of batch) settle(acked.size > 0);
    // The others have applied the changes, but the acting route_server did not respond: another one has to act.
    for (let attempt = 1; attempt < maxAttempts && acked.size > 0 && !acked.has(actor); attempt++) {
      const current = batch.filter((each) => each.isCurrent());
      if (current.length === 0) return;
      actor = [...acked][0]!;
      metrics.presenceUpdates.inc({ outcome: 'again' });
      acked = await this.#ask(actor, current, true);
    }
    if (acked.size > 0) return;
    metrics.presenceUpdates.inc({ outcome: 'unanswered' });
    log.warn({ changes: batch.length }, 'presence update unanswered');
  }

  /** @returns the route_servers that have applied the changes */
  async #ask(actingRouteServer: number, batch: readonly Pending[], retry: boolean): Promise<Set<number>> {
    const { bus, instance, routeServers, metrics, log } = this.#options;
    const acked = new Set<number>();
    if (!bus.connected) {
      // Logins are retried under new numbers. For disconnects the gap in the numbers makes route_servers request a
      // snapshot.
      this.#advanceSeq(batch.filter(({ change }) => !change.online).length);
      return acked;
    }
    this.#advanceSeq(batch.length);
    const isLogin = batch.some(({ change }) => change.online);
    const followers = new Set(isLogin ? this.#followers.awaited() : []);
    const update = {
      instance,
      seq: this.#seq,
      changes: batch.map(({ change }) => change),
      actingRouteServer,
      again: retry,
      awaited: [...followers],
    };
    const unanswered = () => routeServers.all().filter((each) => !acked.has(each.instance));
    const silent = () => [...followers].filter((each) => this.#followers.isPresent(each));
    const isComplete = () => unanswered().length === 0 && silent().length === 0;
    /** performance.now() of the first answer of a route_server */
    let passedOn = 0;
    const complete = new AbortController();
    const livenessCheck = setTimeout(() => {
      const checks = [
        ...unanswered().map((each) => this.#forgetDead(each.instance)),
        ...silent().map((each) => this.#noteAbsent(each)),
      ];
      void Promise.all(checks).then(() => {
        if (isComplete()) complete.abort();
      });
    }, livenessCheckMs);
    try {
      const all = await bus.requestMany(
        topics.presenceUpdate,
        update,
        answerMs,
        ({ routeServer, follower }) => {
          followers.delete(follower);
          if (routeServer !== 0) acked.add(routeServer);
          if (acked.size > 0) passedOn ||= performance.now();
          return isComplete();
        },
        complete.signal,
      );
      if (isLogin && acked.size > 0) await this.#untilDistrust(passedOn, silent);
      metrics.presenceUpdates.inc({ outcome: all || complete.signal.aborted ? 'complete' : 'partial' });
    } catch (error) {
      log.debug({ err: error }, 'publishing presence update failed');
    } finally {
      clearTimeout(livenessCheck);
    }
    return acked;
  }

  /**
   * Waits until the db_proxy_servers that have not answered do not trust what they know.
   * @param passedOn performance.now() when NATS had the update
   */
  async #untilDistrust(passedOn: number, silent: () => number[]): Promise<void> {
    const since = silent().length > 0 ? passedOn + directDeliveryMs.wait : 0;
    const ms = Math.max(since, this.#followers.distrustAt) - performance.now();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  #advanceSeq(count: number): void {
    this.#seq = (this.#seq + count) >>> 0;
  }

  /** Removes a dead route_server before its heartbeat expires: NATS reports at once when nobody subscribes. */
  async #forgetDead(routeServer: number): Promise<void> {
    const { bus, routeServers } = this.#options;
    try {
      // An empty batch has no effect but is acknowledged.
      await bus.request(topics.storedBatch(routeServer), {}, answerMs);
    } catch (error) {
      if (error instanceof NobodyListensError && bus.stable) routeServers.forget(routeServer);
    }
  }

  async #noteAbsent(dbProxy: number): Promise<void> {
    const { bus } = this.#options;
    try {
      await bus.request(topics.presenceFollower(dbProxy), {}, answerMs);
    } catch (error) {
      if (error instanceof NobodyListensError && bus.stable) this.#followers.noteAbsent(dbProxy);
    }
  }
}

function changeOf(connection: Connection, online: boolean): Change {
  const { userId, clientType, id: connectionId, loginSeq } = connection;
  const change = { userId, clientType, connectionId, online };
  switch (connection.clientClass) {
    case 'bot':
      return { ...change, webLoginSeq: loginSeq, bot: true };
    case 'web':
      return { ...change, webLoginSeq: loginSeq };
    default:
      return { ...change, loginSeq };
  }
}
