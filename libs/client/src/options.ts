import type { IM } from '@teamtalk/protocol';
import type { BackOff } from './back-off.js';
import type { LinkOptions } from './link.js';
import { defaultFileServerUrl } from './platform/file-server-url.js';
import {
  type FileServerUrl,
  fileServerAddress,
  type ServerLocation,
  webSocketAddresses,
} from './server-location.js';
import type { TlsOptions } from './transport/transport.js';

export type ClientOptions = ServerLocation & {
  /** Whether to use TLS over TCP, and how to check certificates, also for `wss:` URLs; default: TCP without TLS. */
  tls?: boolean | TlsOptions;
  /**
   * How to reach file_servers by WebSocket: a URL in which `{host}` and `{port}` stand for the address that the msg_server
   * gives, or a function of it. Default: in Node, TCP; in browsers, port 9600 of that host, with TLS if `url` has it.
   */
  fileServerUrl?: FileServerUrl;
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
  /** The plain password, unless `passwordMd5` or `token` is given. */
  password?: string;
  /** Lower-case hex MD5 of the password, as on the wire. */
  passwordMd5?: string;
  /** Token of a bot, which has no password. */
  token?: string;
  /** Default: Windows. */
  clientType?: IM.BaseDefine.ClientType;
  /**
   * Default: `teamtalk-sdk`, in browsers `web/` and the version of this package. A session whose version begins with
   * `web/` neither kicks PC clients nor is kicked by them; a user may have five such sessions.
   */
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

/** @throws RangeError when it is not a WebSocket URL */
export function fileServerUrl(options: ClientOptions): FileServerUrl | undefined {
  const url =
    options.fileServerUrl ?? defaultFileServerUrl('url' in options ? [options.url].flat()[0] : undefined);
  if (typeof url === 'string') fileServerAddress({ host: '127.0.0.1', port: 8600 }, url);
  return url;
}

/** Settings of a link with defaults filled in. @throws RangeError */
export function linkOptions(options: ClientOptions): LinkOptions {
  const { reconnect = true, maxInFlight = 10_000 } = options;
  if (!(maxInFlight >= 1 && maxInFlight <= 30_000)) throw new RangeError('maxInFlight must be 1 to 30,000');
  if ('url' in options) webSocketAddresses(options.url);
  const { tls = false } = options;
  return {
    location: options,
    tls: typeof tls === 'boolean' ? (tls ? {} : undefined) : tls,
    deadlineMs: options.deadlineMs ?? 8_000,
    connectDeadlineMs: options.connectDeadlineMs ?? 5_000,
    heartbeatMs: options.heartbeatMs ?? 30_000,
    // Half of it is for messages, so that requests do not starve behind them.
    maxInFlight: 2 * maxInFlight,
    maxPduBytes: options.maxPduBytes ?? 64 * 1024 * 1024,
    backOff: reconnect ? { ...defaultBackOff, ...(reconnect === true ? {} : reconnect) } : undefined,
  };
}
