import type { Registry } from '@teamtalk/bus';
import type { NodeSender } from '../node-sender.js';
import type { PresenceTable } from './presence-table.js';

/** UserStatType of the client protocol. */
export const userStatus = { online: 1, offline: 2 } as const;

/** Changes are gathered this long, milliseconds: who comes and goes at once is told once. */
const gatherMs = 20;

/** Tells every msg_server whose PC presence changed; they tell their PC clients (0x0203). */
export class StatusNotifier {
  readonly #table: PresenceTable;
  readonly #nodes: NodeSender;
  readonly #msgServers: Registry;
  /** What was last told of a user; only differences are told. */
  readonly #told = new Set<number>();
  readonly #changed = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(table: PresenceTable, nodes: NodeSender, msgServers: Registry) {
    this.#table = table;
    this.#nodes = nodes;
    this.#msgServers = msgServers;
  }

  /** @param act false: only remembers the state, because another route_server tells it */
  changed(userIds: Iterable<number>, act: boolean): void {
    for (const userId of userIds) {
      if (act) this.#changed.add(userId);
      else if (this.#table.isOnPc(userId)) this.#told.add(userId);
      else this.#told.delete(userId);
    }
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#tell(), gatherMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const changes = [];
    for (const userId of this.#changed) {
      const online = this.#table.isOnPc(userId);
      if (online === this.#told.has(userId)) continue;
      if (online) this.#told.add(userId);
      else this.#told.delete(userId);
      changes.push({ userId, status: online ? userStatus.online : userStatus.offline });
    }
    this.#changed.clear();
    if (changes.length === 0) return;
    for (const { instance } of this.#msgServers.all()) this.#nodes.send(instance, { status: { changes } });
  }
}
