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
  readonly originRequestId: number;
  /** the connection it came from, which gets no copy; 0 for none */
  readonly originConnection: number;
  /** when the sender's PDU or HTTP call came in: Unix time in ms, its lower 32 bits; 0: not known */
  readonly receivedAt: number;
  /** Version of the group when the message was stored; 0 for a pair. A member list of that version is the right one. */
  readonly groupVersion: number;
}

/** Messages of a conversation that somebody else has stored and that may not be delivered yet. */
export interface ForeignUndelivered {
  /** Of a pair: the lower and the higher user id. Of a group: 0 and the group id. */
  readonly low: number;
  readonly high: number;
  /** the first of them */
  readonly lowest: number;
  /** our own first one: all of them are below */
  readonly before: number;
}

/** The messages of one transaction. */
export interface StoredBatch {
  /** int8 as text */
  readonly outboxId: string;
  readonly messages: readonly StoredMessage[];
  /** by conversation; what the outbox had of others when the batch was committed or taken over */
  readonly foreignUndelivered: readonly ForeignUndelivered[];
}
