/**
 * What a connection needs of whatever carries its bytes. A `net.Socket` is one as it is, with TLS or
 * without: the ordinary connection has nothing between itself and its socket.
 */
export interface Transport {
  readonly remoteAddress?: string | undefined;
  /** Whether the other side has said that it sends no more; closing takes a moment from there. */
  readonly readableEnded?: boolean;
  /** Bytes written that the system has not taken yet. */
  readonly writableLength: number;
  /** Whether each PDU has to be written by itself, because the boundaries are seen at the other end. */
  readonly framed?: boolean;

  write(pdu: Buffer): unknown;
  /** What is written from here to `uncork` goes out together. */
  cork(): void;
  uncork(): void;
  /** Stops reading. */
  pause(): unknown;
  resume(): unknown;
  /** Closes in order: what was written still goes out. */
  end(): unknown;
  /** Cuts off. */
  destroy(): unknown;
}
