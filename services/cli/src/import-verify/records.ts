import { createHash } from 'node:crypto';

/** Bytes of one record. */
const recordBytes = 64;
const mapBytes = 24;

export interface OldMessage {
  conv: bigint;
  created: number;
  relateId: number;
  id: number;
  msgId: number;
  fromId: number;
  type: number;
  /** 0 to 7: IMMessage, 8 to 15: IMGroupMessage */
  table: number;
  /** `digestOf`, in Latin-1: many buffers of 32 bytes would cost the garbage collector more */
  digest: string;
}

export interface NewMessage {
  conv: bigint;
  created: number;
  id: number;
  fromId: number;
  senderSeq: number;
  type: number;
  /** as in `OldMessage` */
  digest: string;
}

/** A number that is not kept. */
export interface MapEntry {
  conv: bigint;
  oldId: number;
  newId: number;
  table: number;
  legacyId: number;
}

/** What one message is, whatever its number. */
export function digestOf(fromId: number, created: number, type: number, data: Uint8Array): Buffer {
  return createHash('sha256').update(`${fromId}\t${created}\t${type}\t`).update(data).digest();
}

/** A message as it is read from a store. */
type Stored<Message> = Omit<Message, 'digest'> & { digest: Buffer };

/** The record that was written last. */
const record = Buffer.alloc(recordBytes);

/** @returns the record, until the next one is written */
export function writeOld(message: Stored<OldMessage>): Buffer {
  record.writeBigUInt64BE(message.conv, 0);
  record.writeUInt32BE(message.created, 8);
  record.writeUInt32BE(message.relateId, 12);
  record.writeUInt32BE(message.id, 16);
  record.writeUInt32BE(message.msgId, 20);
  record.writeUInt32BE(message.fromId, 24);
  record.writeUInt8(message.type, 28);
  record.writeUInt8(message.table, 29);
  message.digest.copy(record, 32);
  return record;
}

function readOld(records: Buffer, at: number): OldMessage {
  return {
    conv: records.readBigUInt64BE(at),
    created: records.readUInt32BE(at + 8),
    relateId: records.readUInt32BE(at + 12),
    id: records.readUInt32BE(at + 16),
    msgId: records.readUInt32BE(at + 20),
    fromId: records.readUInt32BE(at + 24),
    type: records.readUInt8(at + 28),
    table: records.readUInt8(at + 29),
    digest: records.toString('latin1', at + 32, at + 64),
  };
}

/** @returns the record, until the next one is written */
export function writeNew(message: Stored<NewMessage>): Buffer {
  record.writeBigUInt64BE(message.conv, 0);
  record.writeInt32BE(message.id, 8);
  record.writeInt32BE(message.fromId, 12);
  record.writeInt32BE(message.senderSeq, 16);
  record.writeInt16BE(message.type, 20);
  record.writeDoubleBE(message.created, 24);
  message.digest.copy(record, 32);
  return record;
}

function readNew(records: Buffer, at: number): NewMessage {
  return {
    conv: records.readBigUInt64BE(at),
    id: records.readInt32BE(at + 8),
    fromId: records.readInt32BE(at + 12),
    senderSeq: records.readInt32BE(at + 16),
    type: records.readInt16BE(at + 20),
    created: records.readDoubleBE(at + 24),
    digest: records.toString('latin1', at + 32, at + 64),
  };
}

/** @returns the record, until the next one is written */
export function writeMap({ conv, oldId, newId, table, legacyId }: MapEntry): Buffer {
  record.writeBigUInt64BE(conv, 0);
  record.writeUInt32BE(oldId, 8);
  record.writeUInt32BE(newId, 12);
  record.writeUInt32BE(legacyId, 16);
  record.writeUInt8(table, 20);
  return record.subarray(0, mapBytes);
}

function readMap(records: Buffer, at: number): MapEntry {
  return {
    conv: records.readBigUInt64BE(at),
    oldId: records.readUInt32BE(at + 8),
    newId: records.readUInt32BE(at + 12),
    legacyId: records.readUInt32BE(at + 16),
    table: records.readUInt8(at + 20),
  };
}

/** The messages of each conversation, in the order in which the old server shows them. */
export function oldConversations(records: Buffer): Map<bigint, OldMessage[]> {
  const conversations = grouped(records, recordBytes, readOld);
  for (const messages of conversations.values()) {
    messages.sort((a, b) => a.created - b.created || a.relateId - b.relateId || a.id - b.id);
  }
  return conversations;
}

/** The messages of each conversation by their numbers. */
export function newConversations(records: Buffer): Map<bigint, NewMessage[]> {
  const conversations = grouped(records, recordBytes, readNew);
  for (const messages of conversations.values()) messages.sort((a, b) => a.id - b.id);
  return conversations;
}

export function mapEntries(records: Buffer): Map<bigint, MapEntry[]> {
  return grouped(records, mapBytes, readMap);
}

function grouped<T extends { conv: bigint }>(
  records: Buffer,
  bytes: number,
  read: (records: Buffer, at: number) => T,
): Map<bigint, T[]> {
  const groups = new Map<bigint, T[]>();
  for (let at = 0; at < records.length; at += bytes) {
    const each = read(records, at);
    const known = groups.get(each.conv);
    if (known) known.push(each);
    else groups.set(each.conv, [each]);
  }
  return groups;
}
