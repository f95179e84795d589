import { type Bus, type Heartbeat, type Registry, type teamtalk, topics } from '@teamtalk/bus';
import { isMobileClient } from '@teamtalk/protocol';
import { formatInstance, type Logger, type Metrics } from '@teamtalk/service-kit';
import { type Effects, noEffects, type PresenceTable, type Session } from './presence-table.js';

type Change = teamtalk.bus.PresenceChange.$Properties;
type Update = teamtalk.bus.PresenceUpdate;

const snapshotMs = 5_000;
/** How long a msg_server without a subscriber is retried, milliseconds: it may be changing its NATS server. */
const absentMs = 1_500;
/** Milliseconds between two attempts meanwhile. */
const retryMs = 100;
/** Maximum number of snapshots per sync; after that the next heartbeat continues. */
const maxSnapshots = 3;

export interface PresenceSyncOptions {
  bus: Bus;
  table: PresenceTable;
  log: Logger;
  metrics: Metrics;
  /** gets the changes of a snapshot */
  act: (effects: Effects, node: number) => void;
  /** tells a msg_server that its clients may have missed messages */
  evicted: (node: number) => void;
  /** Whether messages are routed by the table at present; left out: whenever it is not catching up. */
  inUse?: () => boolean;
  /** Whether the msg_server holds the logins of an update back until this process has answered; left out: always. */
  isAwaited?: (update: Update) => boolean;
}

/**
 * Keeps the table in sync with each msg_server. Changes are numbered per msg_server; when one is missing, that msg_server is
 * asked for a snapshot of all its sessions. Messages may have been routed past a session that only the snapshot reveals: its
 * connection is closed, so that the client synchronises.
 */
export class PresenceSync {
  readonly #options: PresenceSyncOptions;
  readonly #missed;
  /** Updates received while a snapshot of their msg_server was in flight. */
  readonly #syncing = new Map<number, { updates: Update[]; done: Promise<boolean> }>();
  /** msg_servers whose last snapshot failed. */
  readonly #failing = new Set<number>();
  /** msg_servers with sessions past which messages may have been routed, as the next snapshot will show. */
  readonly #incomplete = new Set<number>();
  /** While catching up: msg_servers whose snapshot has arrived, and those that are gone. */
  readonly #stable = new Set<number>();
  #catchingUp: Promise<void> | undefined;

  constructor(options: PresenceSyncOptions) {
    this.#options = options;
    this.#missed = options.metrics.counter(
      'sessions_missed_total',
      'Connections closed because they may have missed messages',
    );
    options.bus.answer(topics.msgServersQuery, () =>
      this.#catchingUp ? undefined : { instances: options.table.nodes },
    );
  }

  /** Applies an update. Idempotent: a repeated update yields the same changes. */
  apply(update: Update): Effects {
    const { instance, seq } = update;
    const { table } = this.#options;
    const effects = noEffects();
    const isMissing = this.#isMissing(update);
    this.#applyChanges(update, effects);
    if (!isMissing && seq > table.seqOf(instance)) table.setSeq(instance, seq);
    this.#syncing.get(instance)?.updates.push(update);
    if (isMissing) void this.sync(instance);
    return effects;
  }

  /** Requests a snapshot when the msg_server has published a change that never arrived. */
  async check({ instance, presenceSeq }: Heartbeat): Promise<void> {
    if (presenceSeq > this.#options.table.seqOf(instance)) await this.sync(instance);
  }

  /** A msg_server is gone: its sessions are no longer awaited. */
  forget(node: number): void {
    this.#failing.delete(node);
    this.#incomplete.delete(node);
    if (this.#catchingUp) this.#stable.add(node);
  }

  /**
   * Set while the table may lack sessions: messages routed now would miss them for good. Resolves when the table is complete.
   */
  get catchingUp(): Promise<void> | undefined {
    return this.#catchingUp;
  }

  /**
   * Fetches the sessions of the msg_servers that answer the discovery request or that another route_server knows: a stalled one
   * does not answer the discovery request. One that is alive but sends no sessions is awaited for up to 6.5 s.
   * @param discoveryMs time for all answers, milliseconds
   */
  catchUp(msgServers: Registry, discoveryMs: number): Promise<void> {
    this.#stable.clear();
    // Of a snapshot in flight NATS may have lost a part.
    this.#syncing.clear();
    this.#options.bus.publish(topics.discovery, { service: 'msg_server' });
    const work = this.#nodesOfOthers(discoveryMs)
      .then((nodes) => {
        for (const { instance } of msgServers.all()) nodes.add(instance);
        return Promise.all([...nodes].map((node) => this.#untilSettled(node)));
      })
      .then(() => {
        // NATS may have been lost once more meanwhile.
        if (this.#catchingUp === work) this.#catchingUp = undefined;
      });
    this.#catchingUp = work;
    return work;
  }

  /**
   * Fetches all sessions of a msg_server.
   * @returns false when that failed; its next heartbeat triggers a retry
   */
  sync(node: number): Promise<boolean> {
    const running = this.#syncing.get(node);
    if (running) return running.done;
    if (this.#inUse) this.#incomplete.add(node);
    const updates: Update[] = [];
    const done = this.#takeSnapshot(node, updates).finally(() => {
      if (this.#isSyncing(node, updates)) this.#syncing.delete(node);
    });
    this.#syncing.set(node, { updates, done });
    return done;
  }

  /** Whether the snapshot that these updates are collected for is still wanted. */
  #isSyncing(node: number, updates: readonly Update[]): boolean {
    return this.#syncing.get(node)?.updates === updates;
  }

  /** Asks the other route_servers for the msg_servers they know, for up to `ms` milliseconds. */
  async #nodesOfOthers(ms: number): Promise<Set<number>> {
    const nodes = new Set<number>();
    const window = pause(ms);
    try {
      await this.#options.bus.requestMany(topics.msgServersQuery, {}, ms, ({ instances }) => {
        for (const node of instances ?? []) nodes.add(node);
        return false;
      });
    } catch (error) {
      this.#options.log.warn({ err: error }, 'querying other route_servers failed');
    }
    await window;
    return nodes;
  }

  async #untilSettled(node: number): Promise<void> {
    const end = performance.now() + absentMs;
    while (!this.#stable.has(node)) {
      if ((await this.sync(node)) || performance.now() >= end) return;
      await pause(retryMs);
    }
  }

  async #takeSnapshot(node: number, updates: readonly Update[]): Promise<boolean> {
    const { table, act, log } = this.#options;
    try {
      const snapshot = await this.#fetchKnown(node, updates);
      const effects = noEffects();
      table.replaceNode(node, snapshot.sessions, effects);
      table.setSeq(node, snapshot.seq);
      for (const update of updates) {
        if (update.seq <= snapshot.seq) continue;
        // If something is missing still, the next heartbeat shows it.
        const isMissing = this.#isMissing(update);
        this.#applyChanges(update, effects);
        if (!isMissing) table.setSeq(node, update.seq);
      }
      act(effects, node);
      this.#failing.delete(node);
      this.#incomplete.delete(node);
      if (this.#catchingUp) this.#stable.add(node);
      log.info(
        { node: formatInstance(node), sessions: snapshot.sessions.length },
        'sessions of msg_server synchronised',
      );
      return true;
    } catch (error) {
      if (!this.#isSyncing(node, updates)) return false;
      if (!this.#failing.has(node)) {
        log.warn({ err: error, node: formatInstance(node) }, 'fetching sessions of msg_server failed');
      }
      this.#failing.add(node);
      return false;
    }
  }

  /** Fetches snapshots until one has no unknown session, past which messages may have been routed. */
  async #fetchKnown(node: number, updates: readonly Update[]): Promise<Snapshot> {
    const { table, log, evicted } = this.#options;
    let missed = new Set<number>();
    for (let count = 0; count < maxSnapshots; count++) {
      const snapshot = await this.#fetch(node, missed);
      if (!this.#isSyncing(node, updates)) throw new Error('NATS was lost meanwhile');
      // Nothing is routed before the table is complete.
      if (!this.#inUse && !this.#incomplete.has(node)) return snapshot;
      const unknown = snapshot.sessions.filter(({ connectionId }) => !table.knows(node, connectionId));
      if (unknown.length === 0) return snapshot;
      if (unknown.some(({ connectionId }) => missed.has(connectionId))) {
        // An older version, which cannot close single connections.
        evicted(node);
        return snapshot;
      }
      missed = new Set(unknown.map(({ connectionId }) => connectionId));
      this.#missed.inc(missed.size);
      log.warn(
        { node: formatInstance(node), connections: missed.size },
        'messages may have been routed past connections; closing them',
      );
    }
    throw new Error('every snapshot has more unknown sessions');
  }

  async #fetch(node: number, missed: ReadonlySet<number>): Promise<Snapshot> {
    const sessions: Session[] = [];
    let seq = 0;
    const request = { missedConnections: [...missed] };
    const topic = topics.presenceSnapshot(node);
    const complete = await this.#options.bus.requestMany(topic, request, snapshotMs, (page) => {
      seq = page.seq;
      for (const change of page.sessions ?? []) sessions.push(toSession(node, change));
      return page.last;
    });
    if (!complete) throw new Error('the snapshot is incomplete');
    return { seq, sessions };
  }

  /** Whether a change before those of the update is missing, or a login of the update came too late. */
  #isMissing(update: Update): boolean {
    const { instance, seq, changes } = update;
    if (seq - (changes?.length ?? 0) > this.#options.table.seqOf(instance)) return true;
    return (changes ?? []).some((change) => this.#isLate(update, change));
  }

  /**
   * Whether it is an unknown login that may be complete already, because the update is a retry or did not wait for this
   * process. Messages may have missed its session; a snapshot handles it.
   */
  #isLate(update: Update, { online, connectionId }: Change): boolean {
    if (!online || !this.#inUse) return false;
    if (!update.again && (this.#options.isAwaited?.(update) ?? true)) return false;
    return !this.#options.table.knows(update.instance, connectionId ?? 0);
  }

  get #inUse(): boolean {
    return !this.#catchingUp && (this.#options.inUse?.() ?? true);
  }

  #applyChanges(update: Update, effects: Effects): void {
    const { table } = this.#options;
    for (const change of update.changes ?? []) {
      if (!change.online) table.remove(update.instance, change.connectionId ?? 0, effects);
      else if (!this.#isLate(update, change)) table.add(toSession(update.instance, change), effects);
    }
  }
}

interface Snapshot {
  seq: number;
  sessions: Session[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A msg_server that does not know web sessions and bots leaves `webLoginSeq` out. */
function loginOf(change: Change): Pick<Session, 'clientType' | 'clientClass' | 'loginSeq'> {
  const clientType = change.clientType ?? 0;
  if (change.webLoginSeq) {
    return { clientType, clientClass: change.bot ? 'bot' : 'web', loginSeq: change.webLoginSeq };
  }
  const clientClass = isMobileClient(clientType) ? 'mobile' : 'pc';
  return { clientType, clientClass, loginSeq: change.loginSeq ?? 0 };
}

function toSession(node: number, change: Change): Session {
  return {
    userId: change.userId ?? 0,
    node,
    connectionId: change.connectionId ?? 0,
    ...loginOf(change),
  };
}
