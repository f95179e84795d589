import { createServer, type Server, type Socket } from 'node:net';
import {
  Commands,
  decodeBody,
  encodePdu,
  type MessageOf,
  MSG_SERVER_FRAME_LIMIT,
  type Pdu,
  PduDecoder,
} from '@teamtalk/protocol';

type Message = MessageOf<typeof Commands.MsgData>;

/** How the server treats one message. */
export interface Fate {
  /** how often the ack is sent; 1 when left out */
  acks?: number;
  /** how often it is delivered; 1 when left out */
  deliveries?: number;
  /** delivered after the next message of its conversation */
  late?: boolean;
  /** acknowledged and delivered, but not in the history */
  forgotten?: boolean;
  /** in the history twice, under the next id too */
  doubled?: boolean;
}

interface User {
  id: number;
  socket: Socket;
}

/** A msg_server with configurable faults per message, to test the load generator's checks. */
export class FakeServer {
  readonly port: number;
  readonly #server: Server;
  readonly #users = new Map<number, User>();
  readonly #histories = new Map<string, Message[]>();
  readonly #lastIds = new Map<string, number>();
  readonly #held = new Map<string, Buffer>();
  readonly #fateOf: (index: number) => Fate;
  #messages = 0;

  /** @param fateOf of the message that came as number `index`, from 0 */
  static async start(fateOf: (index: number) => Fate): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeServer(server, fateOf);
  }

  private constructor(server: Server, fateOf: (index: number) => Fate) {
    this.#server = server;
    this.#fateOf = fateOf;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#users.values()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const decoder = new PduDecoder(MSG_SERVER_FRAME_LIMIT);
    const user: User = { id: 0, socket };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      decoder.push(chunk);
      for (let pdu = decoder.next(); pdu; pdu = decoder.next()) this.#take(user, pdu);
    });
  }

  #take(user: User, { commandId, seqNum, body }: Pdu): void {
    switch (commandId) {
      case Commands.LoginReqUserlogin.id:
        this.#logIn(user, decodeBody(Commands.LoginReqUserlogin, body).userName, seqNum);
        break;
      case Commands.MsgData.id:
        this.#store(user, decodeBody(Commands.MsgData, body), seqNum);
        break;
      case Commands.MsgListRequest.id:
        this.#showHistory(user, decodeBody(Commands.MsgListRequest, body), seqNum);
    }
  }

  #logIn(user: User, name: string, seqNum: number): void {
    user.id = Number(name.slice(1));
    this.#users.set(user.id, user);
    const userInfo = {
      userId: user.id,
      userGender: 0,
      userNickName: name,
      avatarUrl: '',
      departmentId: 0,
      email: '',
      userRealName: name,
      userTel: '',
      userDomain: name,
      status: 0,
    };
    user.socket.write(
      encodePdu(Commands.LoginResUserlogin, { serverTime: 1, resultCode: 0, userInfo }, seqNum),
    );
  }

  #store({ id, socket }: User, message: Message, seqNum: number): void {
    const { acks = 1, deliveries = 1, late = false, forgotten, doubled } = this.#fateOf(this.#messages++);
    const { toSessionId } = message;
    const key = pairKey(id, toSessionId);
    const msgId = (this.#lastIds.get(key) ?? 0) + 1;
    this.#lastIds.set(key, msgId);
    const stored = { ...message, fromUserId: id, msgId };
    const history = this.#histories.get(key) ?? [];
    this.#histories.set(key, history);
    if (!forgotten) history.push(stored);
    if (doubled) {
      this.#lastIds.set(key, msgId + 1);
      history.push({ ...stored, msgId: msgId + 1 });
    }
    const ack = encodePdu(
      Commands.MsgDataAck,
      { userId: id, sessionId: toSessionId, msgId, sessionType: 1 },
      seqNum,
    );
    for (let i = 0; i < acks; i++) socket.write(ack);
    const pdu = encodePdu(Commands.MsgData, stored, 0);
    const way = `${id} to ${toSessionId}`;
    const held = this.#held.get(way);
    if (late && !held) {
      this.#held.set(way, pdu);
      return;
    }
    for (let i = 0; i < deliveries; i++) this.#users.get(toSessionId)?.socket.write(pdu);
    if (held) {
      this.#held.delete(way);
      this.#users.get(toSessionId)?.socket.write(held);
    }
  }

  #showHistory(
    { id, socket }: User,
    { sessionId, sessionType, msgIdBegin, msgCnt }: MessageOf<typeof Commands.MsgListRequest>,
    seqNum: number,
  ): void {
    const history = this.#histories.get(pairKey(id, sessionId)) ?? [];
    const msgList = history
      .filter(({ msgId }) => msgIdBegin === 0 || msgId <= msgIdBegin)
      .slice(-msgCnt)
      .map(({ msgId, fromUserId, createTime, msgType, msgData }) => {
        return { msgId, fromSessionId: fromUserId, createTime, msgType, msgData };
      });
    const page = { userId: id, sessionType, sessionId, msgIdBegin, msgList };
    socket.write(encodePdu(Commands.MsgListResponse, page, seqNum));
  }
}

function pairKey(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
