import { type Bus, HeartbeatPublisher } from '@teamtalk/bus';
import { Commands, encodePdu } from '@teamtalk/protocol';
import { accounts, messages, RpcServer, type RpcStream, teamtalk } from '@teamtalk/rpc';
import { createKit, type Kit, TeamTalkError } from '@teamtalk/service-kit';
import { FakeAnswers } from './fake-answers.js';

type Entry = teamtalk.db.AppendEntry.$Properties;
type LoginStream = RpcStream<teamtalk.db.LoginFrame, teamtalk.db.LoginResults.$Properties>;
type Stream = RpcStream<teamtalk.db.AppendFrame, teamtalk.db.AppendResults.$Properties>;

const { APPEND_STORED, APPEND_UNKNOWN_RECEIVER, APPEND_NOT_A_MEMBER, APPEND_UNAVAILABLE } =
  teamtalk.db.AppendStatus;

export interface StoredMessage {
  sessionType: number;
  fromUserId: number;
  toSessionId: number;
  msgId: number;
  msgType: number;
  msgData: Uint8Array;
  pdu: Buffer;
  originInstance: number;
  originRequestId: number;
  originConnection: number;
  members: number[];
}

/** An in-memory db_proxy_server with users 1 to 1000, named u1 to u1000, password `secret`. */
export class FakeDbProxy {
  readonly kit: Kit;
  readonly stored: StoredMessage[] = [];
  readonly reads: teamtalk.db.ReadEntry.$Properties[] = [];
  /** Every request for a range of stored messages. */
  readonly rangesAsked: { first: number; last: number }[] = [];
  readonly logins: teamtalk.db.LoginRequest[] = [];
  readonly groups = new Map<number, number[]>();
  /** The first message of a group that a user may see; default: all. */
  readonly visibleFrom = new Map<number, number>();
  readonly answers = new FakeAnswers();
  /** Called with each stored message before its result is sent. */
  onStored: (message: StoredMessage) => void = () => {};
  /** true: messages are stored but reported as unavailable. */
  inDoubt = false;
  /** Set: results of messages wait until it resolves. */
  resultsWaitFor: Promise<void> | undefined;
  /** true: requests for a range of stored messages fail. */
  rangesFail = false;
  /** Set: replies to requests for history and the like wait until it resolves. */
  queriesWaitFor: Promise<void> | undefined;
  /** Numbers of direct deliveries that the msg_server has confirmed, by frame. */
  readonly confirmed: number[][] = [];
  /** Whether the msg_server takes messages over its stream. */
  takesDeliveries = false;
  /** of the batches it delivers */
  storeEpoch = 0;
  /** The msg_server's append stream. */
  #stream: Stream | undefined;
  #number = 0;
  /** Set: results of logins wait until it resolves. */
  loginsWaitFor: Promise<void> | undefined;
  /** Ids of users that are bots. */
  readonly bots = new Set<number>();
  #loginSeq = 0;
  readonly #lastIds = new Map<string, number>();

  /** @param older behaves like the previous version, which does not offer the login stream */
  static async start(bus: Bus, older = false): Promise<FakeDbProxy> {
    const proxy = new FakeDbProxy();
    const port = await proxy.#serve(older);
    const self = { instance: proxy.kit.instance, service: 'db_proxy_server', hostname: 'test' };
    const heartbeats = new HeartbeatPublisher(bus, self, () => ({ rpcAddress: `127.0.0.1:${port}` }));
    proxy.kit.life.onStop('announcements', () => heartbeats.stop());
    return proxy;
  }

  private constructor() {
    this.kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 5_000 });
  }

  async stop(): Promise<void> {
    await this.kit.life.stop();
  }

  async #serve(older: boolean): Promise<number> {
    const server = new RpcServer(this.kit);
    server.unary(accounts.login, async (request) => this.#login(request));
    const takeLogins = (stream: LoginStream) => {
      stream.onData(({ entries }) => {
        const results = (entries ?? []).map(({ requestId, request }) => ({
          requestId,
          reply: this.#login(request as teamtalk.db.LoginRequest),
        }));
        if (this.loginsWaitFor) void this.loginsWaitFor.then(() => stream.write({ results }));
        else stream.write({ results });
      });
    };
    if (!older) server.stream(accounts.logIn, takeLogins);
    server.unary(accounts.listUsers, async () => ({ users: [user(1), user(2)], latestUpdateTime: 77 }));
    server.unary(accounts.getUsers, async ({ userIds }) => ({
      users: userIds.filter((userId) => userId <= 1000).map(user),
    }));
    this.answers.serve(server);
    server.stream(messages.append, (stream) => this.#append(stream));
    server.stream(messages.markRead, (stream) => {
      stream.onData(({ entries }) => {
        this.reads.push(...(entries ?? []));
        stream.write({ results: (entries ?? []).map(({ requestId, msgId }) => ({ requestId, msgId })) });
      });
    });
    server.unary(messages.getHistory, async (request) => {
      await this.queriesWaitFor;
      return { messages: this.#history(request).slice(0, request.msgCnt) };
    });
    server.unary(messages.getMessages, async (request) => ({
      messages: this.#history(request).filter(
        ({ msgId }) => request.msgIds.includes(msgId) && msgId >= (this.visibleFrom.get(request.userId) ?? 0),
      ),
    }));
    server.unary(messages.getLatestMessageId, async (request) => ({
      msgId: this.#history(request)[0]?.msgId ?? 0,
    }));
    server.unary(messages.getUnread, async () => ({
      totalCnt: 3,
      unread: [{ sessionId: 2, sessionType: 1, unreadCnt: 3, latestMsgId: 9, latestMsgType: 3 }],
    }));
    server.unary(messages.getRecentSessions, async () => ({
      sessions: [{ sessionId: 2, sessionType: 1, updatedTime: 5, latestMsgId: 9, latestMsgType: 1 }],
    }));
    server.unary(
      messages.getStoredRange,
      async ({ sessionType, userId, sessionId, firstMsgId, lastMsgId }) => {
        this.rangesAsked.push({ first: firstMsgId, last: lastMsgId });
        if (this.rangesFail) throw new TeamTalkError('unavailable', 'no database');
        const conversation = conversationOf(sessionType, userId, sessionId);
        const range = this.stored.filter(
          (each) =>
            conversationOf(each.sessionType, each.fromUserId, each.toSessionId) === conversation &&
            each.msgId >= firstMsgId &&
            each.msgId <= lastMsgId,
        );
        return { messages: range };
      },
    );
    return server.listen({ host: '127.0.0.1', port: 0 });
  }

  #login(request: teamtalk.db.LoginRequest): teamtalk.db.LoginReply.$Properties {
    this.logins.push(request);
    if (request.userName === 'locked') return { result: teamtalk.db.LoginResult.LOGIN_TOO_MANY_ATTEMPTS };
    const id = Number(/^u(\d+)$/.exec(request.userName)?.[1] ?? 0);
    if (id === 0 || request.passwordMd5 !== 'secret') {
      return { result: teamtalk.db.LoginResult.LOGIN_WRONG_NAME_OR_PASSWORD };
    }
    const bot = this.bots.has(id);
    return { result: teamtalk.db.LoginResult.LOGIN_OK, user: user(id), loginSeq: ++this.#loginSeq, bot };
  }

  #append(stream: Stream): void {
    this.#stream = stream;
    stream.onData(async ({ originInstance, entries, takesDeliveries, confirmed }) => {
      this.takesDeliveries ||= takesDeliveries;
      if (confirmed.length > 0) this.confirmed.push(confirmed);
      if (entries.length === 0) return;
      const results = (entries ?? []).map((entry) => this.#store(entry, originInstance));
      await this.resultsWaitFor;
      stream.write({ results });
    });
  }

  #store(entry: Entry, originInstance: number): teamtalk.db.AppendResult.$Properties {
    const { requestId, fromUserId = 0, toSessionId = 0, msgType = 0 } = entry;
    const earlier = entry.retry && this.stored.find((each) => each.originRequestId === requestId);
    if (earlier) return { requestId, status: APPEND_STORED, msgId: earlier.msgId };
    const isGroup = (msgType ?? 0) > 0x10;
    const members = isGroup ? (this.groups.get(toSessionId ?? 0) ?? []) : [];
    if (!isGroup && (toSessionId ?? 0) > 1000) return { requestId, status: APPEND_UNKNOWN_RECEIVER };
    if (isGroup && !members.includes(fromUserId ?? 0)) return { requestId, status: APPEND_NOT_A_MEMBER };
    const message = this.add({
      fromUserId: fromUserId ?? 0,
      toSessionId: toSessionId ?? 0,
      msgType: msgType ?? 0,
      msgData: entry.msgData ?? new Uint8Array(0),
      originInstance,
      originRequestId: requestId ?? 0,
      originConnection: entry.connectionId ?? 0,
      members,
    });
    if (this.inDoubt) return { requestId, status: APPEND_UNAVAILABLE };
    return { requestId, status: APPEND_STORED, msgId: message.msgId };
  }

  /**
   * Sends messages to users of the msg_server over its append stream.
   * @returns the number it is confirmed by
   */
  deliver(node: number, ...batch: StoredMessage[]): number {
    const deliveries = batch.map((message) => ({
      ...message,
      userIds: message.sessionType === 2 ? message.members : [message.fromUserId, message.toSessionId],
      exceptConnection: message.originInstance === node ? message.originConnection : 0,
    }));
    const number = ++this.#number;
    this.#stream?.write({
      results: [],
      deliveries: [{ number, batch: { deliveries, storeEpoch: this.storeEpoch } }],
    });
    return number;
  }

  /** Stores a message that was not sent by the msg_server under test. */
  add(given: Omit<StoredMessage, 'msgId' | 'pdu' | 'sessionType'>): StoredMessage {
    const sessionType = given.msgType > 0x10 ? 2 : 1;
    const conversation = conversationOf(sessionType, given.fromUserId, given.toSessionId);
    const msgId = (this.#lastIds.get(conversation) ?? 0) + 1;
    this.#lastIds.set(conversation, msgId);
    const { fromUserId, toSessionId, msgType, msgData } = given;
    const pdu = encodePdu(
      Commands.MsgData,
      { fromUserId, toSessionId, msgId, createTime: 1, msgType, msgData },
      0,
    );
    const message = { ...given, sessionType, msgId, pdu };
    this.stored.push(message);
    this.onStored(message);
    return message;
  }

  #history({ userId, sessionType, sessionId }: teamtalk.db.SessionRequest.$Properties) {
    const conversation = conversationOf(sessionType ?? 0, userId ?? 0, sessionId ?? 0);
    return this.stored
      .filter((each) => conversationOf(each.sessionType, each.fromUserId, each.toSessionId) === conversation)
      .map(({ msgId, fromUserId, msgType, msgData }) => ({
        msgId,
        fromSessionId: fromUserId,
        createTime: 1,
        msgType,
        msgData,
      }))
      .reverse();
  }
}

function conversationOf(sessionType: number, a: number, b: number): string {
  return sessionType === 2 ? `group ${b}` : `${Math.min(a, b)} ${Math.max(a, b)}`;
}

function user(userId: number): teamtalk.db.User.$Properties {
  return { userId, userNickName: `nick ${userId}`, userDomain: `u${userId}`, userGender: 1 };
}
