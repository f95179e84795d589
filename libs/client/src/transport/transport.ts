/** What carries the bytes of a connection. */
export interface Transport {
  /** Passes on what arrives, from now on. Called once, right after opening. */
  start(events: TransportEvents): void;
  /** Sends bytes: with a WebSocket, one message, which servers take for one PDU. */
  write(bytes: Uint8Array): void;
  /** Like `write`; resolves when the operating system, or the browser, has accepted the bytes. @throws Error */
  writeThrough(bytes: Uint8Array): Promise<void>;
  /** Closes; buffered bytes still go out. Resolves when it is closed. */
  close(): Promise<void>;
  /** Breaks it off at once. */
  destroy(): void;
}

export interface TransportEvents {
  onData(chunk: Buffer): void;
  /** May be called more than once. @param error undefined: the other side has closed */
  onEnd(error: Error | undefined): void;
}

/** How a server's certificate is checked; in browsers, the browser does so. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM; default: those of Node. */
  ca?: string | string[];
  /** The name that the certificate has to have; default: the host. */
  serverName?: string;
}

export interface TransportOptions {
  /** Undefined: TCP without TLS, and `wss:` with the authorities of Node. */
  tls: TlsOptions | undefined;
  /** The largest PDU accepted, bytes. */
  maxPduBytes: number;
}
