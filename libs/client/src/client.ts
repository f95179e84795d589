import {
  ClientType,
  type Command,
  Commands,
  createTextCodec,
  DEFAULT_TEXT_KEY,
  encodePdu,
  IM,
  MsgType,
  type Pdu,
  sessionTypeOf,
  type TextCodec,
} from '@teamtalk/protocol';
import { CatchUp } from './catch-up.js';
import type { Connection } from './connection.js';
import { ClientError, Kicked } from './errors.js';
import { Groups } from './groups.js';
import { Inbox } from './inbox.js';
import { Link } from './link.js';
import { Logins } from './logins.js';
import { Message } from './message.js';
import { MessageQueue } from './message-queue.js';
import {
  type ClientOptions,
  type Credentials,
  fileServerUrl,
  linkOptions,
  type SendOptions,
} from './options.js';
import { Outbox, type SentMessage } from './outbox.js';
import { defaultClientVersion } from './platform/client-version.js';
import { md5Hex } from './platform/md5.js';
import { pushEvents } from './push-events.js';
import { handlePush, type PushHandlers } from './pushes.js';
import { Requests } from './requests.js';
import { type FileServerUrl, fileServerAddress, type ServerAddress } from './server-location.js';
import { fieldsOf, type Session, sessionOf } from './session.js';
import { Settings } from './settings.js';
import type { TlsOptions } from './transport/transport.js';

type User = Readonly<IM.BaseDefine.UserInfo.$Properties>;

const defaultCodec = createTextCodec(DEFAULT_TEXT_KEY);

/**
 * A TeamTalk client, by TCP, TLS or WebSocket.
 *
 *     const client = new TeamTalkClient({ loginServer: 'http://127.0.0.1:8080' });
 *     await client.login({ name: 'u1', password: '123456' });
 *     await client.send({ user: 2 }, 'hello');
 *     for await (const message of client.messages()) console.log(message.text);
 *
 * Everything is bounded and has a deadline, except reconnecting, which is retried until `close`. A client that has
 * ended (closed, kicked, or disconnected without `reconnect`) stays so: every call fails with the reason.
 */
export class TeamTalkClient extends Requests {
  /** How certificates are checked, including those of file_servers; undefined: TCP without TLS. */
  readonly tls: TlsOptions | undefined;
  readonly groups = new Groups(this);
  readonly settings = new Settings(this);
  readonly logins = new Logins(this);
  readonly #fileServerUrl: FileServerUrl | undefined;
  readonly #deadlineMs: number;
  readonly #receipts: boolean;
  readonly #makesKeys: boolean;
  readonly #codec: TextCodec;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #queue: MessageQueue<Message>;
  readonly #inbox: Inbox;
  readonly #catchUp: CatchUp;
  readonly #pushHandlers: PushHandlers = {
    ...pushEvents(this),
    message: (message) => this.#receive(message),
    ack: (ack) => this.#inbox.sent(sessionOf(ack), ack.msgId),
    kick: ({ kickReason }) => {
      const kicked = new Kicked(kickReason);
      void this.#link.end(kicked);
      this.emit('kicked', kicked);
    },
  };
  #user: User | undefined;
  #iterators = 0;
  #badPdus = 0;

  constructor(options: ClientOptions) {
    super();
    const settings = linkOptions(options);
    this.tls = settings.tls;
    this.#fileServerUrl = fileServerUrl(options);
    this.#deadlineMs = settings.deadlineMs;
    this.#receipts = options.receipts ?? true;
    this.#makesKeys = settings.backOff !== undefined;
    this.#codec = options.textKey === undefined ? defaultCodec : createTextCodec(options.textKey);
    this.#outbox = new Outbox(settings.maxInFlight / 2, (session, ms) => this.#isKnown(session, ms));
    this.#queue = new MessageQueue(options.maxQueued ?? 1_000, () => this.#catchUp.start());
    this.#inbox = new Inbox((message) => this.#surface(message));
    this.#catchUp = new CatchUp(
      this.#inbox,
      this.#outbox,
      this,
      () => this.isOnline && !this.#queue.isRefusing,
    );
    this.#link = new Link(settings, {
      onPdu: (connection, pdu) => this.#onPdu(connection, pdu),
      onOnline: (connection, { userInfo, serverTime }) => {
        if (!this.#user) this.#catchUp.since = serverTime;
        this.#user = userInfo;
        this.#outbox.resend(connection);
        this.#catchUp.start();
      },
      onReconnected: () => this.emit('reconnected'),
      onLost: (error, reconnecting) => {
        this.#catchUp.stop();
        if (reconnecting) this.#inbox.interrupt();
        this.emit('disconnected', { error, reconnecting });
      },
      onEnd: (error) => {
        this.#catchUp.stop();
        this.#outbox.fail(error);
        this.#queue.end(error);
      },
    });
  }

  override get userId(): number {
    if (!this.#user) throw new ClientError('not-logged-in', 'not logged in yet');
    return this.#user.userId;
  }

  /** The user's record as of the last login. */
  get user(): User | undefined {
    return this.#user;
  }

  /** Whether there is a connection, logged in or not. */
  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  /** Whether there is a connection and the server has accepted the login on it. */
  get isOnline(): boolean {
    return this.#link.online !== undefined;
  }

  /** Whether it has ended for good: closed, kicked, or disconnected without `reconnect`. */
  get isEnded(): boolean {
    return this.#link.ended !== undefined;
  }

  /** The address of the msg_server this client is connected to. */
  get server(): { host: string; port: number } | undefined {
    return this.#link.connection?.server;
  }

  /** How to reach the file_server with this TCP address: at the same address, or by its WebSocket. */
  fileServerAddress(server: ServerAddress): ServerAddress {
    return fileServerAddress(server, this.#fileServerUrl);
  }

  /** Number of PDUs ignored because their body did not parse. */
  get badPdus(): number {
    return this.#badPdus;
  }

  /**
   * Connects without logging in. `login` connects by itself where needed.
   *
   * @throws ClientError `unreachable`
   */
  async connect(): Promise<void> {
    await this.#link.connect();
  }

  /**
   * Logs in, and stays logged in from then on if `reconnect` is on.
   *
   * @throws LoginRefused; ClientError `unreachable` or `disconnected`; DeadlineExceeded. The connection is
   *   closed then, and `login` may be called again.
   */
  async login(credentials: Credentials): Promise<User> {
    const { userInfo } = await this.#link.login({
      userName: credentials.name,
      password: credentials.token ?? credentials.passwordMd5 ?? md5Hex(credentials.password ?? ''),
      onlineStatus: IM.BaseDefine.UserStatType.USER_STATUS_ONLINE,
      clientType: credentials.clientType ?? ClientType.WINDOWS,
      clientVersion: credentials.clientVersion ?? defaultClientVersion,
    });
    return userInfo;
  }

  /**
   * Sends a message and waits until the server has stored it. While the client reconnects, the message waits for the
   * connection, within its deadline.
   *
   * @param content a string is encrypted as text; bytes are sent as they are
   * @throws ClientError `unknown-receiver`, after half of the deadline: servers do not answer such a message
   *   (client-behaviour.md#sending), so the client checks whether the user or group exists; DeadlineExceeded with the
   *   key for a retry: the server may or may not have stored the message. Empty messages and those to oneself also time out.
   */
  async send(
    session: Session,
    content: string | Uint8Array,
    options: SendOptions = {},
  ): Promise<SentMessage> {
    if (this.#link.ended) throw this.#link.ended;
    const key = options.key ?? (this.#makesKeys ? this.#outbox.newKey() : undefined);
    const message = {
      fromUserId: this.userId,
      toSessionId: fieldsOf(session).sessionId,
      msgId: 0,
      createTime: 0,
      msgType: options.type ?? ('group' in session ? MsgType.GROUP_TEXT : MsgType.SINGLE_TEXT),
      msgData: typeof content === 'string' ? this.#codec.encrypt(content) : content,
      attachData: typeof key === 'string' ? new TextEncoder().encode(key) : key,
    };
    return this.#outbox.send(this.#link.online, session, message, options.deadlineMs ?? this.#deadlineMs);
  }

  /** Encrypts a text with the client's key, as it is sent on the wire. */
  encryptText(text: string): Uint8Array {
    return this.#codec.encrypt(text);
  }

  /**
   * The messages as they arrive: all since the login, or, if there was a `message` listener, all since this call.
   * Ends with `close`, and throws when the client ends otherwise.
   */
  messages(): AsyncIterableIterator<Message, undefined> {
    this.#iterators++;
    return this.#queue.iterate(() => {
      this.#iterators--;
    });
  }

  /**
   * The next message; see `messages`.
   *
   * @throws DeadlineExceeded, or the reason why the client has ended.
   */
  async nextMessage(deadlineMs = this.#deadlineMs): Promise<Message> {
    this.#iterators++;
    try {
      return await this.#queue.take(deadlineMs);
    } finally {
      this.#iterators--;
    }
  }

  /** Tells the server that the user has read a session up to `msgId` (0x0303); there is no response. */
  async markRead(session: Session, msgId: number): Promise<void> {
    const message = { userId: this.userId, ...fieldsOf(session), msgId };
    this.#requireConnection().post(Commands.MsgReadAck, message);
  }

  /**
   * Sends a command to another user's clients and to the own user's other clients (0x0601). Its content is up to the
   * clients; at most 65,536 characters. It is not stored, and there is no response.
   */
  async sendCommand(userId: number, data: string): Promise<void> {
    const message = { fromUserId: this.userId, toUserId: userId, cmdMsgData: data };
    this.#requireConnection().post(Commands.SwitchP2pCmd, message);
  }

  override async request<P extends object, M extends object>(
    command: Command<object, P>,
    answer: Command<M, never>,
    message: NoInfer<P>,
    { deadlineMs = this.#deadlineMs }: { deadlineMs?: number } = {},
  ): Promise<M> {
    return this.#requireConnection().request(command, answer, message, deadlineMs, (reply) => reply);
  }

  /**
   * Writes raw bytes, which by WebSocket have to be whole PDUs; resolves when the operating system has accepted them.
   *
   * @throws ClientError `disconnected`
   */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.#requireConnection().writeThrough(bytes);
  }

  /** Sends a PDU under a sequence number of the caller's choice, without waiting for a response. */
  async sendPdu<P extends object>(
    command: Command<object, P>,
    message: NoInfer<P>,
    seqNum = 0,
  ): Promise<void> {
    await this.writeBytes(encodePdu(command, message, seqNum));
  }

  /** Logs out (0x0105) and closes. */
  async logout(): Promise<void> {
    try {
      await this.request(Commands.LoginReqLoginout, Commands.LoginResLoginout, {});
    } finally {
      await this.close();
    }
  }

  /** Ends the client: it does not reconnect, and pending calls fail with ClientError `closed`. Idempotent. */
  async close(): Promise<void> {
    await this.#link.end(new ClientError('closed', 'the client is closed'));
  }

  protected override messageOf(session: Session, info: IM.BaseDefine.MsgInfo.$Properties): Message {
    const { msgId, fromSessionId, createTime, msgType, msgData } = info;
    return new Message(
      { msgId, fromUserId: fromSessionId, session, createTime, type: msgType, data: new Uint8Array(msgData) },
      this.#codec,
    );
  }

  /** Whether the user exists, or the own user is in the group. */
  async #isKnown(session: Session, deadlineMs: number): Promise<boolean> {
    if ('group' in session) return (await this.groups.info([session.group], { deadlineMs })).length > 0;
    return (await this.usersInfo([session.user], { deadlineMs })).length > 0;
  }

  #requireConnection(): Connection {
    if (this.#link.ended) throw this.#link.ended;
    const { connection } = this.#link;
    if (!connection) throw new ClientError('disconnected', 'there is no connection to a msg_server');
    return connection;
  }

  #onPdu(connection: Connection, pdu: Pdu): void {
    this.emit('pdu', pdu);
    if (connection === this.#link.online && !handlePush(pdu, this.#pushHandlers)) this.#badPdus++;
  }

  #receive(message: IM.Message.IMMsgData.$Properties): void {
    const { fromUserId, toSessionId, msgId, createTime, msgType } = message;
    const isOwn = fromUserId === this.userId;
    const sessionType = sessionTypeOf(msgType);
    const isGroup = sessionType === IM.BaseDefine.SessionType.SESSION_TYPE_GROUP;
    const sessionId = isGroup || isOwn ? toSessionId : fromUserId;
    if (this.#receipts) {
      this.#requireConnection().post(Commands.MsgDataAck, {
        userId: this.userId,
        sessionId,
        msgId,
        sessionType,
      });
    }
    const session = sessionOf({ sessionType, sessionId });
    const data = new Uint8Array(message.msgData);
    // An own message may be a copy of one that this client has retried and that waits for its ack.
    const doubtful = isOwn && this.#outbox.isWaiting(session);
    this.#inbox.receive(
      new Message({ msgId, fromUserId, session, createTime, type: msgType, data }, this.#codec),
      doubtful,
    );
    if (this.#inbox.behind.size > 0) this.#catchUp.start();
  }

  /** @returns false when there is no room */
  #surface(message: Message): boolean {
    const listened = this.listenerCount('message') > 0;
    if ((this.#iterators > 0 || !listened) && !this.#queue.offer(message)) return false;
    if (listened) this.emit('message', message);
    return true;
  }
}
