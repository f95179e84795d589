import { TeamTalkClient } from '@teamtalk/client';
import { Conversation } from '@teamtalk/load-generator';
import { DeliveryWatch } from '../record/delivery-watch.js';
import type { Sent } from '../record/ledger.js';
import {
  askAgainMs,
  pushedMessage,
  SimulatedClient,
  type SimulatedClientOptions,
  sessionOf,
  textOf,
} from './simulated-client.js';

const sendMs = 8_000;

/** A client with the SDK, which reconnects, sends again under the message's key, and fetches missed messages. */
export class SdkClient extends SimulatedClient {
  readonly #options: SimulatedClientOptions;
  readonly #client: TeamTalkClient;
  #connection: DeliveryWatch;
  #turn = 0;

  constructor(options: SimulatedClientOptions) {
    super(options.ledger, options.userId, 'SDK');
    this.#options = options;
    const { ledger, userId, port, reconnectMs = 100 } = options;
    this.#client = new TeamTalkClient({
      host: '127.0.0.1',
      port,
      reconnect: { firstMs: reconnectMs, maxMs: 500 },
      heartbeatMs: 2_000,
      deadlineMs: askAgainMs,
    });
    this.#connection = new DeliveryWatch(ledger, userId, 'a connection');
    const surfaced = new DeliveryWatch(ledger, userId, 'the SDK');
    this.#client.on('disconnected', () => {
      this.breaks++;
      ledger.wentOffline(userId);
      this.#connection = new DeliveryWatch(ledger, userId, 'a connection');
    });
    this.#client.on('kicked', ({ message }) =>
      ledger.findings.complain(`user ${userId} was kicked: ${message}`),
    );
    this.#client.on('reconnected', () => ledger.cameOnline(userId));
    this.#client.on('pdu', (pdu) => {
      const pushed = pushedMessage(ledger, pdu);
      if (pushed) this.#connection.take(pushed.conversation, pushed.msgId);
    });
    this.#client.on('message', ({ session, msgId, fromUserId }) => {
      // An own message whose ack was lost may come from history at any time.
      if (fromUserId === userId) return;
      const { key } =
        'group' in session ? Conversation.group(session.group, []) : Conversation.pair(userId, session.user);
      const conversation = ledger.conversations.get(key);
      if (!conversation) return;
      surfaced.take(conversation, msgId);
      ledger.received(userId, conversation, msgId);
    });
  }

  get name(): string {
    return this.#options.name;
  }

  async logIn(): Promise<void> {
    const { name, password, ledger, userId } = this.#options;
    await this.#client.login({ name, password });
    ledger.cameOnline(userId);
  }

  start(): void {
    this.run(1, this.#options.paceMs);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  protected async sendOne(): Promise<void> {
    const { conversations, userId } = this.#options;
    const conversation = conversations[this.#turn++ % conversations.length]!;
    const sent: Sent = this.ledger.begin(conversation, userId);
    const { breaks } = this;
    try {
      const { msgId } = await this.#client.send(sessionOf(conversation, userId), textOf(sent), {
        deadlineMs: sendMs,
      });
      this.acked(sent, msgId, breaks === this.breaks);
    } catch {
      // No ack: nothing is promised.
    }
  }
}
