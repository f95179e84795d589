import type { IM } from '@teamtalk/protocol';
import type { BackOff } from './back-off.js';
import type { LinkOptions } from './link.js';
import type { ServerLocation } from './server-location.js';

export type ClientOptions = ServerLocation & {
  /** The 32-byte key of message texts; default: the historic one. */
  textKey?: string | Uint8Array;
  /** Acknowledge deliveries with 0x0302; default true. */
  receipts?: boolean;
  /** Reconnect after a broken connection, retry unacknowledged messages, fetch missed ones; default true. */
  reconnect?: boolean | Partial<BackOff>;
  /** Default 30,000 ms. */
  heartbeatMs?: number;
  /** Default deadline of sends and requests; 8,000 ms. */
  deadlineMs?: number;
  /** Deadline for finding a server, and separately for connecting to it; default 5,000 ms. */
  connectDeadlineMs?: number;
  /** Maximum number of messages in flight, and separately of requests; at most 30,000, default 10,000. */
  maxInFlight?: number;
  /** Messages queued for iterators; further ones are fetched later. Default 1,000. */
  maxQueued?: number;
  /** The largest PDU accepted, bytes; default 64 MiB, for the user list of a large company. */
  maxPduBytes?: number;
};

export interface Credentials {
  name: string;
  /** The plain password, unless `passwordMd5` is given. */
  password?: string;
  /** Lower-case hex MD5 of the password, as on the wire. */
  passwordMd5?: string;
  /** Default: Windows. */
  clientType?: IM.BaseDefine.ClientType;
  clientVersion?: string;
}

export interface SendOptions {
  /** Default: text of the session's kind. */
  type?: IM.BaseDefine.MsgType;
  /**
   * The idempotency key: sending to the same session with the same key again is the same message. Without one, a client
   * that reconnects generates one.
   */
  key?: string | Uint8Array;
  deadlineMs?: number;
}

const defaultBackOff: BackOff = { firstMs: 200, maxMs: 30_000 };

/** The settings of a link, with the defaults filled in. */
export function linkOptions(options: ClientOptions): LinkOptions {
  const { reconnect = true, maxInFlight = 10_000 } = options;
  if (!(maxInFlight >= 1 && maxInFlight <= 30_000)) throw new RangeError('maxInFlight must be 1 to 30,000');
  return {
    location: options,
    deadlineMs: options.deadlineMs ?? 8_000,
    connectDeadlineMs: options.connectDeadlineMs ?? 5_000,
    heartbeatMs: options.heartbeatMs ?? 30_000,
    // Half of it is for messages, so that requests do not starve behind them.
    maxInFlight: 2 * maxInFlight,
    maxPduBytes: options.maxPduBytes ?? 64 * 1024 * 1024,
    backOff: reconnect ? { ...defaultBackOff, ...(reconnect === true ? {} : reconnect) } : undefined,
  };
}
