/** Carries the bytes of a connection. */
export interface Transport {
  /** Begins to pass on incoming data. Called once, right after opening. */
  start(events: TransportEvents): void;
  /** Sends bytes. A WebSocket sends them as one message, which has to be one PDU. */
  write(bytes: Uint8Array): void;
  /** Like `write`; resolves when the operating system, or the browser, has accepted the bytes. @throws Error */
  writeThrough(bytes: Uint8Array): Promise<void>;
  /** Sends buffered bytes and closes. Resolves when it is closed. */
  close(): Promise<void>;
  /** Closes at once, without sending buffered bytes. */
  destroy(): void;
}

export interface TransportEvents {
  onData(chunk: Buffer): void;
  /** May be called more than once. @param error undefined: closed by the other side */
  onEnd(error: Error | undefined): void;
}

/** How a server's certificate is checked. Browsers check it themselves. */
export interface TlsOptions {
  /** CA certificates to trust, in PEM; default: Node's. */
  ca?: string | string[];
  /** The name the certificate has to match; default: the host. */
  serverName?: string;
}

export interface TransportOptions {
  /** Undefined: TCP without TLS, and `wss:` with Node's CA certificates. */
  tls: TlsOptions | undefined;
  /** The largest PDU accepted, bytes. */
  maxPduBytes: number;
}
