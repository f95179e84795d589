/** Why an SDK call failed. */
export type ClientErrorCode =
  /** No msg_server was found or reachable. */
  | 'unreachable'
  /** The login was answered with a refusal; see LoginRefused. */
  | 'login-refused'
  /** The call needs a login first. */
  | 'not-logged-in'
  | 'already-logged-in'
  /** No response in time; see DeadlineExceeded. */
  | 'deadline-exceeded'
  /** There is no such user, or the user is not a member of the group: the message was not stored. */
  | 'unknown-receiver'
  /** The server refused a request; see Refused. */
  | 'refused'
  /** The connection broke, or was closed by the server, before the response. */
  | 'disconnected'
  /** The server ended this session in favour of another one; see Kicked. */
  | 'kicked'
  /** `close` or `logout` was called. */
  | 'closed'
  /** As many requests or messages are in flight as the options allow. */
  | 'too-many-in-flight'
  /** msfs refused an image; the message has its reason. */
  | 'upload-refused'
  /** The server refused to create the file transfer, or to let this user take part in it. */
  | 'file-refused'
  /** The receiver declined the file. */
  | 'file-rejected'
  /** A file transfer was cancelled. */
  | 'file-cancelled'
  /** The file's source cannot be read. */
  | 'file-unreadable'
  /** The server violated the protocol. */
  | 'protocol';

/** Every failure of the SDK; `cause` is the underlying error. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The server refused a login (client-behaviour.md#results-of-a-login) and closed the connection. */
export class LoginRefused extends ClientError {
  override readonly name = 'LoginRefused';
  /** A ResultType: 2 full, 3 no db_proxy_server, 5 no route_server, 6 wrong name or password. */
  readonly resultCode: number;
  /** The server's message; may be empty. */
  readonly resultString: string;

  constructor(resultCode: number, resultString: string) {
    super('login-refused', `login refused (${resultCode}): ${resultString || 'no reason given'}`);
    this.resultCode = resultCode;
    this.resultString = resultString;
  }

  /** Whether the same login may succeed later or at another msg_server. */
  get isTransient(): boolean {
    return this.resultCode >= 1 && this.resultCode <= 5;
  }
}

/** The server refused a request. */
export class Refused extends ClientError {
  override readonly name = 'Refused';
  /** Its meaning depends on the request; 1 if the request has only one kind of refusal. */
  readonly resultCode: number;

  constructor(what: string, resultCode: number) {
    super('refused', `${what} was refused (${resultCode})`);
    this.resultCode = resultCode;
  }
}

/** @throws Refused unless the result is 0 */
export function requireDone(what: string, resultCode: number): void {
  if (resultCode !== 0) throw new Refused(what, resultCode);
}

/** No response in time. The request may or may not have taken effect. */
export class DeadlineExceeded extends ClientError {
  override readonly name = 'DeadlineExceeded';
  /** For a message: a retry with this key cannot store it twice. */
  readonly key: Uint8Array | undefined;

  constructor(what: string, ms: number, key?: Uint8Array) {
    super('deadline-exceeded', `${what}: no answer within ${ms} ms`);
    this.key = key;
  }
}

/** 0x0107: another login of the same class replaced this session (1), or the user ended it elsewhere (1; web sessions: 2). */
export class Kicked extends ClientError {
  override readonly name = 'Kicked';
  /** A KickReasonType. */
  readonly reason: number;

  constructor(reason: number) {
    super('kicked', `kicked by the server, reason ${reason}`);
    this.reason = reason;
  }
}
