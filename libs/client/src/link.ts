import { Commands, type IM, type Pdu } from '@teamtalk/protocol';
import { type BackOff, backOffDelay } from './back-off.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { ClientError, DeadlineExceeded, LoginRefused } from './errors.js';
import { findServers, type ServerLocation } from './server-location.js';

export type LoginRequest = IM.Login.IMLoginReq.$Properties;
export type LoginReply = IM.Login.IMLoginRes.$Properties & {
  userInfo: IM.BaseDefine.UserInfo.$Properties;
};

export interface LinkOptions extends ConnectionOptions {
  location: ServerLocation;
  /** Deadline of the login response, milliseconds. */
  deadlineMs: number;
  /** Undefined: a broken connection ends the link. */
  backOff: BackOff | undefined;
}

export interface LinkEvents {
  onPdu(connection: Connection, pdu: Pdu): void;
  /** A login was accepted; called before any later PDU is handled. */
  onOnline(connection: Connection, reply: LoginReply): void;
  onReconnected(): void;
  /** The connection ended other than by `end`. */
  onLost(error: ClientError, reconnecting: boolean): void;
  /** Called once; no callback follows. */
  onEnd(error: ClientError): void;
}

/** Maintains one logged-in connection to some msg_server. */
export class Link {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  /** of the current dial, or of the last one */
  #dialling = new AbortController();
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #login: LoginRequest | undefined;
  #online = false;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #end: ClientError | undefined;
  #closing = Promise.resolve();

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** The connection, logged in or not. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The connection, when the login on it was accepted. */
  get online(): Connection | undefined {
    return this.#online ? this.#connection : undefined;
  }

  /** Why the link has ended. */
  get ended(): ClientError | undefined {
    return this.#end;
  }

  /** @throws ClientError `unreachable`, or the reason why the link has ended */
  async connect(): Promise<Connection> {
    if (this.#end) throw this.#end;
    if (this.#connection) return this.#connection;
    this.#connecting ??= this.#dial().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Logs in, connecting where needed; a login that fails closes the connection. */
  async login(login: LoginRequest): Promise<LoginReply> {
    const connection = await this.connect();
    if (this.#online || this.#login) {
      throw new ClientError('already-logged-in', 'already logged in; the client reconnects by itself');
    }
    return this.#authenticate(connection, login);
  }

  /** Ends the link for good; resolves when the connection is closed. Idempotent. */
  end(error: ClientError): Promise<void> {
    if (this.#end) return this.#closing;
    this.#end = error;
    clearTimeout(this.#reconnectTimer);
    this.#dialling.abort();
    if (this.#connection) this.#closing = this.#connection.close(error);
    this.#events.onEnd(error);
    return this.#closing;
  }

  async #dial(): Promise<Connection> {
    const { location, connectDeadlineMs } = this.#options;
    const dialling = new AbortController();
    this.#dialling = dialling;
    const timer = setTimeout(
      () => dialling.abort(new DeadlineExceeded('the login_server', connectDeadlineMs)),
      connectDeadlineMs,
    );
    const servers = await findServers(location, dialling.signal).finally(() => clearTimeout(timer));
    let failure: unknown;
    for (const server of servers) {
      if (this.#end) throw this.#end;
      try {
        const connection: Connection = await Connection.open(
          server,
          this.#options,
          {
            onPdu: (pdu) => this.#events.onPdu(connection, pdu),
            onEnd: (error) => this.#lost(connection, error),
          },
          dialling.signal,
        );
        this.#connection = connection;
        if (this.#end) {
          await connection.close(this.#end);
          break;
        }
        return connection;
      } catch (error) {
        failure = error;
      }
    }
    throw this.#end ?? failure;
  }

  async #authenticate(connection: Connection, login: LoginRequest): Promise<LoginReply> {
    try {
      return await connection.request(
        Commands.LoginReqUserlogin,
        Commands.LoginResUserlogin,
        login,
        this.#options.deadlineMs,
        (reply) => {
          const accepted = acceptedReply(reply);
          this.#login = login;
          this.#online = true;
          this.#events.onOnline(connection, accepted);
          return accepted;
        },
      );
    } catch (error) {
      const reason = error instanceof ClientError ? error : new ClientError('protocol', String(error));
      await connection.close(reason);
      throw error;
    }
  }

  #lost(connection: Connection, error: ClientError): void {
    if (connection !== this.#connection) return;
    const wasOnline = this.#online;
    this.#connection = undefined;
    this.#online = false;
    if (this.#end) return;
    const { backOff } = this.#options;
    const login = this.#login;
    const reconnecting = backOff !== undefined && login !== undefined;
    // While reconnecting, a connection that ends is just a failed attempt.
    if (reconnecting && !wasOnline) return;
    if (reconnecting) this.#scheduleReconnect(backOff, login, 0);
    this.#events.onLost(error, reconnecting);
    if (wasOnline && !reconnecting) void this.end(error);
  }

  #scheduleReconnect(backOff: BackOff, login: LoginRequest, attempt: number): void {
    this.#reconnectTimer = setTimeout(
      () => void this.#reconnect(backOff, login, attempt),
      backOffDelay(backOff, attempt),
    );
  }

  /** Never throws. */
  async #reconnect(backOff: BackOff, login: LoginRequest, attempt: number): Promise<void> {
    try {
      await this.#authenticate(await this.connect(), login);
    } catch (error) {
      if (this.#end) return;
      if (error instanceof LoginRefused && !error.isTransient) {
        this.#events.onLost(error, false);
        void this.end(error);
      } else {
        this.#scheduleReconnect(backOff, login, attempt + 1);
      }
      return;
    }
    if (this.#online) this.#events.onReconnected();
  }
}

function acceptedReply(reply: IM.Login.IMLoginRes.$Properties): LoginReply {
  if (reply.resultCode !== 0) throw new LoginRefused(reply.resultCode, reply.resultString ?? '');
  if (!reply.userInfo) throw new ClientError('protocol', 'the login was accepted without a user_info');
  return { ...reply, userInfo: reply.userInfo };
}
