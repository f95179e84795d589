/** Why an SDK call failed. */
export type ClientErrorCode =
  /** No msg_server was found or could be dialled. */
  | 'unreachable'
  /** The login was answered with a refusal; see LoginRefused. */
  | 'login-refused'
  /** The call needs a login first. */
  | 'not-logged-in'
  | 'already-logged-in'
  /** No answer in time; see DeadlineExceeded. */
  | 'deadline-exceeded'
  /** The connection broke, or was closed by the server, before the answer came. */
  | 'disconnected'
  /** The server ended this session for another one; see Kicked. */
  | 'kicked'
  /** `close` or `logout` was called. */
  | 'closed'
  /** As many requests or messages are waiting for their answers as the options allow. */
  | 'too-many-in-flight'
  /** msfs does not take an image; the message has its reason. */
  | 'upload-refused'
  /** The server makes no such file transfer, or does not let this user take part in it. */
  | 'file-refused'
  /** The receiver of a file does not want it. */
  | 'file-rejected'
  /** A file transfer was ended before its end. */
  | 'file-cancelled'
  /** A file cannot be read where it is kept. */
  | 'file-unreadable'
  /** The server's bytes were not the protocol. */
  | 'protocol';

/** Every failure of the SDK; `cause` keeps what was wrapped. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The server answered a login with a refusal (client-behaviour.md#results-of-a-login), and closed the connection. */
export class LoginRefused extends ClientError {
  override readonly name = 'LoginRefused';
  /** A ResultType: 2 full, 3 no db_proxy_server, 5 no route_server, 6 wrong name or password. */
  readonly resultCode: number;
  /** The server's own words; may be empty. */
  readonly resultString: string;

  constructor(resultCode: number, resultString: string) {
    super('login-refused', `login refused (${resultCode}): ${resultString || 'no reason given'}`);
    this.resultCode = resultCode;
    this.resultString = resultString;
  }

  /** Whether the same login may succeed a moment later or at another msg_server. */
  get isTransient(): boolean {
    return this.resultCode >= 1 && this.resultCode <= 5;
  }
}

/** No answer in time. What was asked for may have happened or not. */
export class DeadlineExceeded extends ClientError {
  override readonly name = 'DeadlineExceeded';
  /** Of a message: send it again with this key and it cannot be stored twice. */
  readonly key: Uint8Array | undefined;

  constructor(what: string, ms: number, key?: Uint8Array) {
    super('deadline-exceeded', `${what}: no answer within ${ms} ms`);
    this.key = key;
  }
}

/** 0x0107: another login of the same class took this session's place (1), or a mobile ended it (2). */
export class Kicked extends ClientError {
  override readonly name = 'Kicked';
  /** A KickReasonType. */
  readonly reason: number;

  constructor(reason: number) {
    super('kicked', `kicked by the server, reason ${reason}`);
    this.reason = reason;
  }
}
