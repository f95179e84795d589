import { type Bus, HeartbeatPublisher, type teamtalk, topics } from '@teamtalk/bus';
import { ClientType } from '@teamtalk/protocol';
import { newInstance } from '@teamtalk/service-kit';

type Change = teamtalk.bus.PresenceChange.$Properties;

/** A fake msg_server, as a route_server sees it. */
export class FakeNode {
  readonly instance = newInstance();
  readonly events: teamtalk.bus.NodeEvent[] = [];
  readonly snapshot: Change[] = [];
  seq = 0;
  answers = true;
  /** Connections that a route_server reported as possibly missed. */
  readonly missed: number[] = [];
  /** false: an older version, which cannot close single connections. */
  endsMissed = true;
  /** false: requests for snapshots are never answered. */
  givesSnapshots = true;
  readonly #bus: Bus;
  readonly #subscriptions;
  readonly #heartbeats: HeartbeatPublisher;

  constructor(bus: Bus) {
    this.#bus = bus;
    this.#subscriptions = [
      bus.answer(topics.node(this.instance), (event) => {
        this.events.push(event);
        return (event.deliver || event.groupChange) && this.answers ? {} : undefined;
      }),
      bus.answer(topics.presenceSnapshot(this.instance), ({ missedConnections }) => {
        if (!this.givesSnapshots) return undefined;
        if (this.endsMissed) this.#end(missedConnections ?? []);
        return { instance: this.instance, seq: this.seq, sessions: this.snapshot, last: true };
      }),
    ];
    this.#heartbeats = new HeartbeatPublisher(
      bus,
      { instance: this.instance, service: 'msg_server', hostname: 'h' },
      () => ({
        presenceSeq: this.seq,
      }),
    );
  }

  /** Publishes a change, and waits until the route_server that is to act has answered. */
  async change(change: Change, acting: number, again = false): Promise<void> {
    this.seq++;
    const { instance, seq } = this;
    const update = { instance, seq, changes: [change], actingRouteServer: acting, again };
    const answered = await this.#bus.requestMany(
      topics.presenceUpdate,
      update,
      2000,
      (ack) => ack.routeServer === acting,
    );
    if (!answered) throw new Error('the route_server that was to act has not answered');
  }

  /** Publishes a change that names a route_server that does not exist; waits until `known` have answered. */
  async changeFor(missing: number, change: Change, known: number): Promise<void> {
    this.seq++;
    const { instance, seq } = this;
    const update = { instance, seq, changes: [change], actingRouteServer: missing };
    let answers = 0;
    await this.#bus.requestMany(topics.presenceUpdate, update, 2000, () => ++answers === known);
  }

  /** Counts a change without publishing it. */
  loseChange(): void {
    this.seq++;
  }

  announce(): void {
    this.#heartbeats.announce();
  }

  deliveries() {
    return this.events.flatMap((event) => event.deliver?.deliveries ?? []);
  }

  /** Changes of PC presence it was sent, as [user, status]. */
  statuses() {
    return this.events.flatMap((event) =>
      (event.status?.changes ?? []).map(({ userId, status }) => [userId, status]),
    );
  }

  groupChanges() {
    return this.events.flatMap((event) => event.groupChange ?? []);
  }

  notifies() {
    return this.events.flatMap((event) => event.notify ?? []);
  }

  #end(connectionIds: readonly number[]): void {
    this.missed.push(...connectionIds);
    const left = this.snapshot.filter(({ connectionId }) => !connectionIds.includes(connectionId ?? 0));
    this.snapshot.splice(0, this.snapshot.length, ...left);
  }

  async die(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#bus.flush();
  }

  async stop(): Promise<void> {
    await this.#heartbeats.stop();
  }
}

export const online = (
  userId: number,
  connectionId: number,
  loginSeq: number,
  clientType: number = ClientType.WINDOWS,
) => ({ userId, connectionId, loginSeq, clientType, online: true });

/** A bot's session, as msg_servers announce it. */
export const botOnline = (userId: number, connectionId: number, loginSeq: number) => ({
  ...webOnline(userId, connectionId, loginSeq),
  bot: true,
});

/** A web session, as msg_servers announce it. */
export const webOnline = (userId: number, connectionId: number, webLoginSeq: number) => ({
  userId,
  connectionId,
  webLoginSeq,
  clientType: ClientType.WINDOWS,
  online: true,
});
