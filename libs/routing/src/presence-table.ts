import { type ClientClass, displacedOf } from '@teamtalk/protocol';

/** One connection of a user. */
export interface Session {
  readonly userId: number;
  /** its msg_server */
  readonly node: number;
  readonly connectionId: number;
  readonly clientType: number;
  readonly clientClass: ClientClass;
  /** global order of logins */
  readonly loginSeq: number;
}

/** The effects of a change of presence. */
export interface Effects {
  /** sessions replaced by newer logins of the same user and client class */
  readonly displaced: Session[];
  /** users whose PC presence may have changed; ask `isOnPc` for the state */
  readonly pcChanged: Set<number>;
  /** users who logged in on a mobile */
  readonly mobileCame: Set<number>;
}

interface Node {
  /** number of the last applied change */
  seq: number;
  readonly sessions: Map<number, Session>;
}

const nobody: readonly Session[] = [];

/** The sessions of all msg_servers, by user and by msg_server. */
export class PresenceTable {
  readonly #users = new Map<number, Session[]>();
  readonly #nodes = new Map<number, Node>();
  readonly #webIsPc: boolean;

  /** @param webIsPc whether a user with only web sessions appears online to others */
  constructor({ webIsPc = true }: { webIsPc?: boolean } = {}) {
    this.#webIsPc = webIsPc;
  }

  get sessionCount(): number {
    let count = 0;
    for (const node of this.#nodes.values()) count += node.sessions.size;
    return count;
  }

  get userCount(): number {
    return this.#users.size;
  }

  get nodes(): number[] {
    return [...this.#nodes.keys()];
  }

  knows(node: number, connectionId: number): boolean {
    return this.#nodes.get(node)?.sessions.has(connectionId) ?? false;
  }

  /** Whether a msg_server has sessions here. */
  hasSessions(node: number): boolean {
    return (this.#nodes.get(node)?.sessions.size ?? 0) > 0;
  }

  /** Number of the last known change of a msg_server; 0 if none. */
  seqOf(node: number): number {
    return this.#nodes.get(node)?.seq ?? 0;
  }

  setSeq(node: number, seq: number): void {
    this.#node(node).seq = seq;
  }

  /** A user's sessions; the caller must not change them. */
  sessionsOf(userId: number): readonly Session[] {
    return this.#users.get(userId) ?? nobody;
  }

  /** Whether the user has a PC client: what others see as online (client-behaviour.md#online-means-on-a-pc). */
  isOnPc(userId: number): boolean {
    return this.sessionsOf(userId).some((session) => this.countsAsPc(session));
  }

  countsAsPc({ clientClass }: Session): boolean {
    return clientClass === 'web' ? this.#webIsPc : clientClass !== 'mobile';
  }

  /** Adds a session. Idempotent: the same one again has the same effects and changes nothing. */
  add(session: Session, effects: Effects): void {
    const { userId, node, connectionId, clientClass } = session;
    const known = this.#node(node).sessions.get(connectionId);
    if (!known) {
      this.#node(node).sessions.set(connectionId, session);
      const sessions = this.#users.get(userId);
      if (sessions) sessions.push(session);
      else this.#users.set(userId, [session]);
    }
    if (clientClass === 'mobile') effects.mobileCame.add(userId);
    else effects.pcChanged.add(userId);
    effects.displaced.push(...displacedOf(this.sessionsOf(userId), clientClass));
  }

  remove(node: number, connectionId: number, effects: Effects): void {
    const session = this.#nodes.get(node)?.sessions.get(connectionId);
    if (!session) return;
    this.#nodes.get(node)?.sessions.delete(connectionId);
    this.#removeFromUser(session);
    if (session.clientClass !== 'mobile') effects.pcChanged.add(session.userId);
  }

  /** Replaces a msg_server's sessions. */
  replaceNode(node: number, sessions: readonly Session[], effects: Effects): void {
    const given = new Set(sessions.map((session) => session.connectionId));
    for (const connectionId of [...this.#node(node).sessions.keys()]) {
      if (!given.has(connectionId)) this.remove(node, connectionId, effects);
    }
    for (const session of sessions) {
      if (!this.#node(node).sessions.has(session.connectionId)) this.add(session, effects);
    }
  }

  /** Removes a dead msg_server and its sessions. */
  removeNode(node: number, effects: Effects): void {
    for (const connectionId of [...(this.#nodes.get(node)?.sessions.keys() ?? [])]) {
      this.remove(node, connectionId, effects);
    }
    this.#nodes.delete(node);
  }

  #node(node: number): Node {
    let entry = this.#nodes.get(node);
    if (!entry) {
      entry = { seq: 0, sessions: new Map() };
      this.#nodes.set(node, entry);
    }
    return entry;
  }

  #removeFromUser(session: Session): void {
    const rest = this.sessionsOf(session.userId).filter((each) => each !== session);
    if (rest.length > 0) this.#users.set(session.userId, rest);
    else this.#users.delete(session.userId);
  }
}

export function noEffects(): Effects {
  return { displaced: [], pcChanged: new Set(), mobileCame: new Set() };
}
