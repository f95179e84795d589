import { type Bus, HeartbeatPublisher, type teamtalk, topics } from '@teamtalk/bus';
import { type Command, Commands, decodeBody, HEADER_LENGTH, readHeader } from '@teamtalk/protocol';
import { newInstance } from '@teamtalk/service-kit';
import type { StoredMessage } from './fake-db-proxy.js';

/** Milliseconds a msg_server has to respond; generous, because other tests may keep the machine busy. */
const answerMs = 20_000;

type Change = teamtalk.bus.PresenceChange.$Properties;
type NodeEvent = teamtalk.bus.NodeEvent.$Properties;
type Delivered = StoredMessage &
  Pick<teamtalk.bus.Delivery.$Properties, 'openFrom' | 'receivedAt' | 'outboxId'>;

/** A route_server that records what it receives and sends what a test asks for. */
export class FakeRouteServer {
  readonly instance = newInstance();
  readonly updates: teamtalk.bus.PresenceUpdate[] = [];
  readonly notifies: teamtalk.bus.NotifyUsers[] = [];
  readonly groupChanges: teamtalk.bus.GroupChange[] = [];
  readonly kicks: teamtalk.bus.KickUser[] = [];
  /** false: group changes are received but not answered. */
  answersGroupChanges = true;
  /** milliseconds a msg_server has to acknowledge a delivery */
  deliverMs = answerMs;
  readonly #bus: Bus;
  readonly #heartbeats: HeartbeatPublisher;
  readonly #subscriptions: { unsubscribe(): void }[];
  /** of the batches it delivers */
  storeEpoch = 0;
  /** Set: presence updates are not answered before it resolves. */
  acksWaitFor: Promise<void> | undefined;
  /** false: presence updates are received but not answered. */
  acks = true;

  constructor(bus: Bus) {
    this.#bus = bus;
    const self = { instance: this.instance, service: 'route_server', hostname: 'test' };
    this.#heartbeats = new HeartbeatPublisher(bus, self);
    this.#subscriptions = [
      bus.answer(topics.presenceUpdate, async (update) => {
        this.updates.push(update);
        await this.acksWaitFor;
        return this.acks ? { routeServer: this.instance } : undefined;
      }),
      bus.answer(topics.storedBatch(this.instance), () => ({})),
      bus.subscribe(topics.notifyUsers, (notify) => {
        this.notifies.push(notify);
      }),
      bus.answer(topics.groupChange, (change) => {
        this.groupChanges.push(change);
        return this.answersGroupChanges ? {} : undefined;
      }),
      bus.answer(topics.kickUser, (kick) => {
        this.kicks.push(kick);
        return {};
      }),
      bus.answer(topics.presenceQuery, ({ userIds }) => ({
        status: userIds.map((userId) => (userId % 2 === 1 ? 1 : 2)),
      })),
    ];
  }

  /** All presence changes received, in order. */
  get changes(): Change[] {
    return this.updates.flatMap((update) => update.changes ?? []);
  }

  /** The notifications received with PDUs of one command, with the decoded message. */
  notifiesOf<M extends object>(command: Command<M, never>) {
    return this.notifies.flatMap((notify) => {
      const pdu = read(command, notify.pdu);
      return pdu ? [{ ...notify, ...pdu }] : [];
    });
  }

  /** The group changes received, with their 0x040b. */
  groupChangesReceived() {
    return this.groupChanges.map(({ notify, ...change }) => ({
      ...change,
      ...notify,
      ...read(Commands.GroupChangeMemberNotify, notify?.pdu),
    }));
  }

  /** Sends an event that is not acknowledged. */
  send(node: number, event: NodeEvent): void {
    this.#bus.publish(topics.node(node), event);
  }

  /** Sends a group change to a msg_server and waits for its acknowledgement. */
  async changeGroup(node: number, groupChange: teamtalk.bus.GroupChange.$Properties): Promise<void> {
    await this.#bus.request(topics.node(node), { groupChange }, answerMs);
  }

  /** Delivers messages to users of one msg_server and waits for its acknowledgement. */
  deliver(node: number, ...batch: Delivered[]): Promise<void> {
    return this.deliverUnder(0, node, ...batch);
  }

  /** The same for messages to the members of a group at one version. */
  async deliverUnder(groupVersion: number, node: number, ...batch: Delivered[]): Promise<void> {
    const deliveries = batch.map((message) => ({
      ...message,
      groupVersion,
      userIds: message.sessionType === 2 ? message.members : [message.fromUserId, message.toSessionId],
      exceptConnection: message.originInstance === node ? message.originConnection : 0,
    }));
    await this.#bus.request(
      topics.node(node),
      { deliver: { deliveries, storeEpoch: this.storeEpoch } },
      this.deliverMs,
    );
  }

  /** @param missedConnections connections for which it may have missed messages */
  async snapshot(
    node: number,
    missedConnections: number[] = [],
  ): Promise<{ seq: number; sessions: Change[]; pages: number }> {
    const sessions: Change[] = [];
    let seq = 0;
    let pages = 0;
    await this.#bus.requestMany(topics.presenceSnapshot(node), { missedConnections }, answerMs, (page) => {
      sessions.push(...(page.sessions ?? []));
      seq = page.seq;
      pages++;
      return page.last;
    });
    return { seq, sessions, pages };
  }

  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#heartbeats.stop();
  }
}

/** Decodes a PDU of the command; undefined for other commands. */
function read<M extends object>(command: Command<M, never>, pdu: Uint8Array | null | undefined) {
  const bytes = Buffer.from(pdu ?? []);
  const { commandId, seqNum } = readHeader(bytes);
  if (commandId !== command.id) return undefined;
  return { seqNum, message: decodeBody(command, bytes.subarray(HEADER_LENGTH)) };
}
