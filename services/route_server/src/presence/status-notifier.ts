import { type Registry, teamtalk } from '@teamtalk/bus';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Effects, PresenceTable } from '@teamtalk/routing';
import type { NodeSender } from '../node-sender.js';

const { USER_STATUS_ONLINE, USER_STATUS_OFFLINE } = IM.BaseDefine.UserStatType;

/** Flush interval of changes, milliseconds: concurrent changes are sent together. */
const flushIntervalMs = 10;

type Changes = Pick<Effects, 'pcChanged' | 'mobileCame'>;

/** Status shown to other users: online means on a PC (client-behaviour.md#online-means-on-a-pc). */
export function statusOf(table: PresenceTable, userId: number): IM.BaseDefine.UserStatType {
  return table.isOnPc(userId) ? USER_STATUS_ONLINE : USER_STATUS_OFFLINE;
}

/**
 * Sends changes of PC presence: to every msg_server for its PC clients (0x0203), and to the user's own mobile clients
 * (0x020e), which are also told of a PC that is online when they log in.
 */
export class StatusNotifier {
  readonly #table: PresenceTable;
  readonly #nodes: NodeSender;
  readonly #msgServers: Registry;
  /** Users last reported as online on a PC; only differences are sent. */
  readonly #reported = new Set<number>();
  readonly #changed = new Set<number>();
  readonly #mobileCame = new Set<number>();
  /** Users whose state is sent whether or not it differs. */
  readonly #forced = new Set<number>();
  #begun = false;
  #flush: { timer: NodeJS.Timeout; over: Promise<void>; end: () => void } | undefined;

  constructor(table: PresenceTable, nodes: NodeSender, msgServers: Registry) {
    this.#table = table;
    this.#nodes = nodes;
    this.#msgServers = msgServers;
  }

  /** Starts sending. Changes before that were sent by others long ago and are only remembered. */
  begin(): void {
    this.#begun = true;
  }

  /** Remembers the state of users whose changes another route_server sends. */
  note({ pcChanged }: Changes): void {
    for (const userId of pcChanged) this.#note(userId, this.#table.isOnPc(userId));
  }

  /** @returns when it has been sent; at once when there is nothing to send */
  async tell({ pcChanged, mobileCame }: Changes): Promise<void> {
    if (!this.#begun) this.note({ pcChanged, mobileCame });
    if (!this.#begun || (pcChanged.size === 0 && mobileCame.size === 0)) return;
    for (const userId of pcChanged) this.#changed.add(userId);
    for (const userId of mobileCame) this.#mobileCame.add(userId);
    await this.#flushed();
  }

  /** Like `tell`, for changes that another route_server was to send and may not have sent. */
  async tellAgain(changes: Changes): Promise<void> {
    for (const userId of changes.pcChanged) this.#forced.add(userId);
    await this.tell(changes);
  }

  /** Sends pending changes. */
  stop(): void {
    if (!this.#flush) return;
    clearTimeout(this.#flush.timer);
    this.#endFlush();
  }

  #flushed(): Promise<void> {
    if (!this.#flush) {
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#flush = { timer: setTimeout(() => this.#endFlush(), flushIntervalMs), over, end };
    }
    return this.#flush.over;
  }

  #endFlush(): void {
    const flush = this.#flush;
    this.#flush = undefined;
    const changed = [...this.#changed].filter((userId) => this.#isNews(userId));
    const present = [...this.#mobileCame].filter((userId) => this.#table.isOnPc(userId));
    this.#changed.clear();
    this.#mobileCame.clear();
    this.#forced.clear();
    this.#tellPcs(changed);
    for (const userId of new Set([...changed, ...present])) this.#tellMobiles(userId);
    flush?.end();
  }

  #isNews(userId: number): boolean {
    const online = this.#table.isOnPc(userId);
    const known = online === this.#reported.has(userId);
    this.#note(userId, online);
    return !known || this.#forced.has(userId);
  }

  #note(userId: number, online: boolean): void {
    if (online) this.#reported.add(userId);
    else this.#reported.delete(userId);
  }

  #tellPcs(userIds: readonly number[]): void {
    if (userIds.length === 0) return;
    const changes = userIds.map((userId) => ({ userId, status: statusOf(this.#table, userId) }));
    for (const { instance } of this.#msgServers.all()) this.#nodes.send(instance, { status: { changes } });
    this.#nodes.announceStatus({ changes });
  }

  #tellMobiles(userId: number): void {
    const mobiles = this.#table.sessionsOf(userId).filter(({ clientClass }) => clientClass === 'mobile');
    if (mobiles.length === 0) return;
    const loginStat = statusOf(this.#table, userId);
    const pdu = encodePdu(Commands.BuddyListPcLoginStatusNotify, { userId, loginStat }, 0);
    const notify = { userIds: [userId], pdu, clientClass: teamtalk.bus.ClientClass.MOBILE };
    for (const node of new Set(mobiles.map((session) => session.node))) this.#nodes.send(node, { notify });
  }
}
