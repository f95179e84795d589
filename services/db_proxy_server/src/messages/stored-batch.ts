/** A committed message in delivery form, with what is needed to find its receivers. */
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
  /** the sending connection, which gets no copy; 0: none */
  readonly originConnection: number;
  /** when the sender's PDU or HTTP request arrived: lower 32 bits of the Unix time in ms; 0: unknown */
  readonly receivedAt: number;
  /** version of the group when the message was stored, which its member list must have; 0 for a pair */
  readonly groupVersion: number;
}

/** Messages of a conversation, stored by another replica or left to the reclaimer, that may be undelivered. */
export interface ForeignUndelivered {
  /** Of a pair: the lower and the higher user id. Of a group: 0 and the group id. */
  readonly low: number;
  readonly high: number;
  /** the lowest of them */
  readonly lowest: number;
  /** the first own message, above all of them */
  readonly before: number;
}

/** The messages of one transaction. */
export interface StoredBatch {
  /** int8 as text */
  readonly outboxId: string;
  readonly messages: readonly StoredMessage[];
  /** by conversation, as of when the batch was committed or taken over */
  readonly foreignUndelivered: readonly ForeignUndelivered[];
}
