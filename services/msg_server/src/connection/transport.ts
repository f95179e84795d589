/**
 * What a connection needs of the transport below it. A `net.Socket`, with or without TLS, is one as it is.
 */
export interface Transport {
  readonly remoteAddress?: string | undefined;
  /** Whether the client has ended its side. */
  readonly readableEnded?: boolean;
  /** Bytes written that the kernel has not taken yet. */
  readonly writableLength: number;
  /** Whether each PDU has to be one write, because the client sees message boundaries. */
  readonly framed?: boolean;

  write(pdu: Buffer): unknown;
  /** Batches the writes until `uncork`. */
  cork(): void;
  uncork(): void;
  /** Stops reading. */
  pause(): unknown;
  resume(): unknown;
  /** Closes gracefully: what was written still goes out. */
  end(): unknown;
  /** Closes at once. */
  destroy(): unknown;
}
