/** A stored message to be delivered to connections of this server. */
export interface DeliveredMessage {
  readonly msgId: number;
  /** the 0x0301 PDU, shared by all connections */
  readonly pdu: Buffer;
  /** the sender's connection on this server, which gets no copy; 0: none */
  readonly exceptConnection: number;
  readonly originInstance: number;
  readonly originRequestId: number;
  /** of a group message, the version of the group whose members get it; 0 for a pair */
  readonly groupVersion: number;
  /** the lowest id of the conversation that may still be in flight, when that is below `msgId`; otherwise 0 */
  readonly openFrom: number;
  /** when the sender's PDU or HTTP call came in: Unix time in ms, its lower 32 bits; 0: not known */
  readonly receivedAt: number;
  /** of its batch; never descends within a conversation; 0: not known */
  readonly outboxId: number;
}

/** A conversation as the store names it: a group, or a pair of users. */
export interface Conversation {
  readonly sessionType: number;
  /** one user of the pair; unused for a group */
  readonly userId: number;
  /** the other user of the pair, or the group */
  readonly sessionId: number;
}
