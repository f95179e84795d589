// In a thread of its own: what the witnesses see is not what the making of inputs would delay.
import { parentPort, workerData } from 'node:worker_threads';
import { type Frame, loginFrame, RawConnection, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, DeliveryOrder, decodeBody, encodePdu, MsgType } from '@teamtalk/protocol';
import type { WitnessData, WitnessState } from './witness.js';

/** Between two messages of a witness, and between two reports, milliseconds. */
const paceMs = 100;
const reportMs = 500;

interface Side {
  connection: RawConnection;
  id: number;
  order: DeliveryOrder;
}

interface Pending {
  sentAt: number;
  to: number;
  acked: boolean;
  delivered: number;
}

/** Both of them. */
class Witnesses {
  readonly problems: string[] = [];
  /** From the first byte sent to the last byte received, milliseconds. */
  #times: number[] = [];
  readonly #sides: Side[] = [];
  readonly #pending = new Map<string, Pending>();
  /** Text of each message without an ack, by sender and sequence number. */
  readonly #acks = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #isStopped = false;

  static async start({ names, ids, ...where }: WitnessData): Promise<Witnesses> {
    const witnesses = new Witnesses();
    for (const [k, name] of names.entries()) await witnesses.#logIn(where, name, ids[k]!);
    witnesses.#timer = setInterval(() => witnesses.#sendBoth(), paceMs);
    return witnesses;
  }

  private constructor() {}

  get state(): WitnessState {
    return { problems: this.problems, sent: this.#count, times: this.#times.splice(0) };
  }

  /** Stops sending, and waits until all has arrived. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await waitUntil(() => this.#pending.size === 0 || this.problems.length > 0, {
      timeoutMs: 30_000,
      what: 'witnesses have everything',
    }).catch(() => {});
    for (const [text, { acked, delivered }] of this.#pending) {
      if (this.problems.length < 20) {
        this.problems.push(`witness: lost ${text}: acked ${acked}, delivered ${delivered} times`);
      }
    }
    this.#isStopped = true;
    for (const { connection } of this.#sides) connection.close();
  }

  #sendBoth(): void {
    for (const [k, { connection, id }] of this.#sides.entries()) {
      const to = this.#sides[1 - k]!.id;
      const text = `${id}:${++this.#count}`;
      const seqNum = this.#count & 0xffff;
      const message = {
        fromUserId: id,
        toSessionId: to,
        msgId: 0,
        createTime: 0,
        msgType: MsgType.SINGLE_TEXT,
        msgData: Buffer.from(text),
      };
      this.#pending.set(text, { sentAt: performance.now(), to, acked: false, delivered: 0 });
      this.#acks.set(`${id}:${seqNum}`, text);
      void connection.send(encodePdu(Commands.MsgData, message, seqNum));
    }
  }

  async #logIn(
    { port, password }: Pick<WitnessData, 'port' | 'password'>,
    name: string,
    id: number,
  ): Promise<void> {
    let side: Side | undefined;
    const connection = await RawConnection.open(port, {
      onFrame: (frame) => side && this.#take(side, frame),
    });
    await connection.send(loginFrame({ name, password, clientType: ClientType.WINDOWS }));
    await connection.receive(Commands.LoginResUserlogin, ({ resultCode }) => resultCode === 0);
    side = { connection, id, order: new DeliveryOrder() };
    this.#sides.push(side);
    void connection.closed.then(() => {
      if (!this.#isStopped) this.#complain(`${name} lost the connection`);
    });
  }

  #take(side: Side, { commandId, body, seqNum }: Frame): void {
    side.connection.received.length = 0;
    if (commandId === Commands.MsgDataAck.id) {
      const key = `${side.id}:${seqNum}`;
      const text = this.#acks.get(key);
      this.#acks.delete(key);
      const pending = text === undefined ? undefined : this.#pending.get(text);
      if (!pending) {
        if (text === undefined) this.#complain(`an ack came twice: ${seqNum}`);
        return;
      }
      pending.acked = true;
      this.#settle(text!, pending);
    } else if (commandId === Commands.MsgData.id) {
      const { msgId, msgData, fromUserId } = decodeBody(Commands.MsgData, body);
      if (!this.#sides.some(({ id }) => id === fromUserId)) return;
      const text = Buffer.from(msgData).toString();
      const fault = side.order.take(msgId);
      if (fault) this.#complain(`${fault}: ${text} with id ${msgId}`);
      const pending = this.#pending.get(text);
      if (!pending) {
        this.#complain(`came without being sent, or again: ${text}`);
        return;
      }
      this.#times.push(performance.now() - pending.sentAt);
      pending.delivered++;
      this.#settle(text, pending);
      const receipt = { userId: side.id, sessionId: fromUserId, msgId, sessionType: 1 };
      void side.connection.send(encodePdu(Commands.MsgDataAck, receipt, 0));
    }
  }

  #settle(text: string, { acked, delivered }: Pending): void {
    if (acked && delivered > 0) this.#pending.delete(text);
  }

  #complain(problem: string): void {
    if (this.problems.length < 20) this.problems.push(`witness: ${problem}`);
  }
}

const witnesses = await Witnesses.start(workerData as WitnessData);
const tell = (isLast: boolean) => parentPort!.postMessage({ ...witnesses.state, isLast });
tell(false);
const reporting = setInterval(tell, reportMs, false);
parentPort!.once('message', async () => {
  clearInterval(reporting);
  await witnesses.stop();
  tell(true);
});
