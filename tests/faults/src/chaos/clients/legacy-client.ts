import { TeamTalkClient } from '@teamtalk/client';
import { Commands, decodeBody } from '@teamtalk/protocol';
import { DeliveryWatch } from '../record/delivery-watch.js';
import {
  askAgainMs,
  messageOf,
  pushedMessage,
  SimulatedClient,
  type SimulatedClientOptions,
  sessionOf,
} from './simulated-client.js';

/** Messages without an ack on the current connection, by sequence number. */
type Waiting = Map<number, (msgId: number | undefined) => void>;

/** The SDK's own requests count from 1. */
const seqNums = { first: 0x4000, count: 0xb000 };
/** After this long without an ack the same PDU is sent again, milliseconds; the original clients wait 5 s. */
const repeatMs = 1_500;
const maxRepeats = 5;
const reconnectMs = 200;

/**
 * An old client, without message keys: it sends several messages at a time, repeats each on the same connection with
 * the same seq_num until an ack comes, and gives it up when the connection breaks. After a login it reads missed
 * messages from history.
 */
export class LegacyClient extends SimulatedClient {
  readonly #options: SimulatedClientOptions;
  #client: TeamTalkClient | undefined;
  #waiting: Waiting = new Map();
  #seqNum = 0;
  #turn = 0;
  #closed = false;
  #reconnecting = false;

  constructor(options: SimulatedClientOptions) {
    super(options.ledger, options.userId, 'legacy');
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  async logIn(): Promise<void> {
    const { ledger, userId, name, password, port } = this.#options;
    const client = new TeamTalkClient({
      host: '127.0.0.1',
      port,
      reconnect: false,
      heartbeatMs: 2_000,
      deadlineMs: askAgainMs,
    });
    const watch = new DeliveryWatch(ledger, userId, 'a connection');
    const waiting: Waiting = new Map();
    client.on('pdu', (pdu) => {
      const pushed = pushedMessage(ledger, pdu);
      if (pushed) {
        watch.take(pushed.conversation, pushed.msgId);
        ledger.received(userId, pushed.conversation, pushed.msgId);
      } else if (pdu.commandId === Commands.MsgDataAck.id) {
        waiting.get(pdu.seqNum)?.(decodeBody(Commands.MsgDataAck, Buffer.from(pdu.body)).msgId);
      }
    });
    client.on('message', () => {});
    client.on('kicked', ({ message }) => ledger.findings.complain(`user ${userId} was kicked: ${message}`));
    await client.login({ name, password });
    client.on('disconnected', () => {
      this.breaks++;
      ledger.wentOffline(userId);
      this.#client = undefined;
      for (const settle of [...waiting.values()]) settle(undefined);
      void this.#reconnect();
    });
    if (!client.isOnline) return void this.#reconnect();
    ledger.cameOnline(userId);
    this.#client = client;
    this.#waiting = waiting;
    await this.#fetchMissed(client);
  }

  start(): void {
    this.run(3, this.#options.paceMs * 2);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.close();
  }

  protected async sendOne(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const { conversations, userId } = this.#options;
    const conversation = conversations[this.#turn++ % conversations.length]!;
    const sent = this.ledger.begin(conversation, userId);
    const seqNum = seqNums.first + (this.#seqNum++ % seqNums.count);
    const message = messageOf(sent);
    const waiting = this.#waiting;
    let repeats = 0;
    let timer: NodeJS.Timeout | undefined;
    const msgId = await new Promise<number | undefined>((resolve) => {
      waiting.set(seqNum, resolve);
      const transmit = () => {
        client.sendPdu(Commands.MsgData, message, seqNum).catch(() => resolve(undefined));
        timer = setTimeout(() => (++repeats > maxRepeats ? resolve(undefined) : transmit()), repeatMs);
      };
      transmit();
    });
    clearTimeout(timer);
    waiting.delete(seqNum);
    if (msgId !== undefined) this.acked(sent, msgId, repeats === 0);
  }

  async #reconnect(): Promise<void> {
    // The connection may break again while history is being read: two logins at once would kick each other.
    if (this.#reconnecting) return;
    this.#reconnecting = true;
    while (!this.#closed && !this.#client) {
      await new Promise((resolve) => setTimeout(resolve, reconnectMs));
      await this.logIn().catch(() => {});
    }
    this.#reconnecting = false;
  }

  async #fetchMissed(client: TeamTalkClient): Promise<void> {
    const { userId, ledger } = this.#options;
    for (const conversation of [...ledger.conversations.values()]) {
      if (!conversation.members.includes(userId)) continue;
      const session = sessionOf(conversation, userId);
      for (let begin = 0; client.isOnline; ) {
        try {
          const page = await client.history(session, { begin });
          for (const { msgId } of page) ledger.received(userId, conversation, msgId);
          const oldest = page.at(-1)?.msgId ?? 1;
          if (oldest - 1 <= ledger.checkedUpTo(conversation)) break;
          begin = oldest - 1;
        } catch {
          // No answer: repeated.
        }
      }
    }
  }
}
