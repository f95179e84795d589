/** A committed message as its receivers get it, and what is needed to find them. */
export interface StoredMessage {
  readonly isGroup: boolean;
  readonly fromUserId: number;
  /** the other user of a pair, or the group */
  readonly toSessionId: number;
  readonly msgId: number;
  /** the 0x0301 PDU, header included */
  readonly pdu: Buffer;
  readonly originInstance: number;
  readonly originTicket: number;
  /** the connection it came from, which gets no copy; 0 for none */
  readonly originConnection: number;
  /** Version of the group when the message was stored; 0 for a pair. A member list of that version is the right one. */
  readonly groupVersion: number;
}

/** The messages of one transaction. */
export interface StoredBatch {
  /** int8 as text */
  readonly outboxId: string;
  readonly messages: readonly StoredMessage[];
}
