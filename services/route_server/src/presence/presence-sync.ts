import { type Announcement, type Bus, type Registry, type teamtalk, topics } from '@teamtalk/bus';
import { formatInstance, type Logger } from '@teamtalk/service-kit';
import { type Effects, noEffects, type PresenceTable, type Session } from './presence-table.js';

type Change = teamtalk.bus.PresenceChange.$Properties;
type Update = teamtalk.bus.PresenceUpdate;

const snapshotMs = 5_000;

/**
 * Keeps the table equal to what each msg_server knows of itself. Changes are numbered per msg_server; when
 * one is missing, that msg_server is asked for all its sessions.
 */
export class PresenceSync {
  readonly #bus: Bus;
  readonly #table: PresenceTable;
  readonly #log: Logger;
  readonly #act: (effects: Effects, node: number) => void;
  /** Updates that came while a snapshot of their msg_server was on its way. */
  readonly #syncing = new Map<number, { updates: Update[]; done: Promise<void> }>();
  #catchingUp: Promise<void> | undefined;

  /** @param act gets what a snapshot changed */
  constructor(bus: Bus, table: PresenceTable, log: Logger, act: (effects: Effects, node: number) => void) {
    this.#bus = bus;
    this.#table = table;
    this.#log = log;
    this.#act = act;
  }

  /** Applies an update; what it means is the same however often the update is applied. */
  apply(update: Update): Effects {
    const { instance, seq } = update;
    const changes = update.changes ?? [];
    const effects = noEffects();
    const known = this.#table.seqOf(instance);
    this.#applyChanges(instance, changes, effects);
    if (seq > known) this.#table.setSeq(instance, seq);
    this.#syncing.get(instance)?.updates.push(update);
    if (seq - changes.length > known) void this.sync(instance);
    return effects;
  }

  /** Asks for a snapshot when the msg_server has published a change that never came. */
  async check({ instance, presenceSeq }: Announcement): Promise<void> {
    if (presenceSeq > this.#table.seqOf(instance)) await this.sync(instance);
  }

  /**
   * Set while the table may lack somebody who is logged in: what is routed by it then would miss him for good.
   * Resolves when it is whole.
   */
  get catchingUp(): Promise<void> | undefined {
    return this.#catchingUp;
  }

  /**
   * Calls the roll of the msg_servers and fetches the sessions of those that answer.
   * @param rollCallMs milliseconds they get
   */
  catchUp(msgServers: Registry, rollCallMs: number): Promise<void> {
    this.#bus.publish(topics.rollCall, { service: 'msg_server' });
    const work = new Promise((resolve) => setTimeout(resolve, rollCallMs))
      .then(() => Promise.all(msgServers.all().map(({ instance }) => this.sync(instance))))
      .then(() => {
        // The connection may have broken once more meanwhile.
        if (this.#catchingUp === work) this.#catchingUp = undefined;
      });
    this.#catchingUp = work;
    return work;
  }

  /** Fetches all sessions of a msg_server. Errors are logged: its next announcement tries again. */
  sync(node: number): Promise<void> {
    const running = this.#syncing.get(node);
    if (running) return running.done;
    const updates: Update[] = [];
    const done = this.#takeSnapshot(node, updates).finally(() => this.#syncing.delete(node));
    this.#syncing.set(node, { updates, done });
    return done;
  }

  async #takeSnapshot(node: number, updates: readonly Update[]): Promise<void> {
    try {
      const snapshot = await this.#fetch(node);
      const effects = noEffects();
      this.#table.replaceNode(node, snapshot.sessions, effects);
      for (const update of updates) {
        if (update.seq > snapshot.seq) this.#applyChanges(node, update.changes ?? [], effects);
      }
      this.#table.setSeq(node, Math.max(snapshot.seq, ...updates.map((update) => update.seq)));
      this.#act(effects, node);
      this.#log.info(
        { node: formatInstance(node), sessions: snapshot.sessions.length },
        'sessions of a msg_server are known',
      );
    } catch (error) {
      this.#log.warn({ err: error, node: formatInstance(node) }, 'sessions of a msg_server could not be had');
    }
  }

  async #fetch(node: number): Promise<{ seq: number; sessions: Session[] }> {
    const sessions: Session[] = [];
    let seq = 0;
    const complete = await this.#bus.requestMany(topics.presenceSnapshot(node), {}, snapshotMs, (page) => {
      seq = page.seq;
      for (const change of page.sessions ?? []) sessions.push(toSession(node, change));
      return page.last;
    });
    if (!complete) throw new Error('the snapshot did not arrive whole');
    return { seq, sessions };
  }

  #applyChanges(node: number, changes: readonly Change[], effects: Effects): void {
    for (const change of changes) {
      if (change.online) this.#table.add(toSession(node, change), effects);
      else this.#table.remove(node, change.connectionId ?? 0, effects);
    }
  }
}

function toSession(node: number, change: Change): Session {
  return {
    userId: change.userId ?? 0,
    node,
    connectionId: change.connectionId ?? 0,
    clientType: change.clientType ?? 0,
    loginSeq: change.loginSeq ?? 0,
  };
}
