import { ANDROID_FRAME_LIMIT, ClientType, Commands, decodeBody, PduDecoder } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../connection/connection.js';
import { EncodedList } from './encoded-list.js';
import { userInfo } from './user-info.js';

const command = Commands.BuddyListAllUserResponse;

function listOf(count: number, signatureBytes = 0) {
  const userList = Array.from({ length: count }, (_, i) =>
    userInfo({ userId: i + 1, userDomain: `u${i + 1}`, signInfo: 'x'.repeat(signatureBytes) }),
  );
  return new EncodedList(command, { userId: 0, latestUpdateTime: 77, userList });
}

const clientOf = (userId: number, clientType: number = ClientType.WINDOWS, isFramed = false) =>
  ({ userId, clientType, isFramed }) as Connection;

/** What a client makes of it. */
function read(written: readonly Buffer[]) {
  const decoder = new PduDecoder(64 * 1024 * 1024);
  decoder.push(Buffer.concat(written));
  const pdus = [];
  for (let pdu = decoder.next(); pdu; pdu = decoder.next()) {
    expect(pdu).toMatchObject({ commandId: command.id, serviceId: command.serviceId });
    const { userId, latestUpdateTime, userList } = decodeBody(command, pdu.body);
    const ids = (userList ?? []).map((user) => user.userId);
    pdus.push({ bytes: pdu.body.length + 16, seqNum: pdu.seqNum, userId, latestUpdateTime, ids });
  }
  return pdus;
}

const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('an encoded list', () => {
  it('is one PDU with a head per client and shared bytes behind it', () => {
    const list = listOf(10_000, 30);
    const first = list.answer(clientOf(1), 5);
    const second = list.answer(clientOf(4_000_000_000), 65_535);
    expect(read(first)).toMatchObject([{ seqNum: 5, userId: 1, latestUpdateTime: 77, ids: ids(1, 10_000) }]);
    expect(read(second)).toMatchObject([{ seqNum: 65_535, userId: 4_000_000_000, ids: ids(1, 10_000) }]);
    expect(first.length).toBeGreaterThan(2);
    for (const [i, piece] of first.entries()) {
      if (i > 0) expect(piece).toBe(second[i]);
      else expect(piece.length).toBeLessThan(32);
    }
  });

  it('is several PDUs of one seq_num for Android when one would be too large', () => {
    const pdus = read(listOf(10_000, 100).answer(clientOf(1, ClientType.ANDROID), 5));
    expect(pdus.length).toBeGreaterThan(2);
    expect(pdus.flatMap((pdu) => pdu.ids)).toEqual(ids(1, 10_000));
    for (const { bytes, seqNum } of pdus) {
      expect(bytes).toBeLessThanOrEqual(ANDROID_FRAME_LIMIT);
      expect(seqNum).toBe(5);
    }
    for (const { bytes } of pdus.slice(0, -1)) expect(bytes).toBeGreaterThan(ANDROID_FRAME_LIMIT - 512);
    expect(read(listOf(100).answer(clientOf(1, ClientType.ANDROID), 5))).toHaveLength(1);
  });

  it('leaves out entries that exceed Android’s frame limit alone', () => {
    const list = listOf(3, 500 * 1024);
    expect(read(list.answer(clientOf(1, ClientType.ANDROID), 5))).toMatchObject([{ ids: [] }]);
    expect(read(list.answer(clientOf(1, ClientType.IOS), 5))).toMatchObject([{ ids: [1, 2, 3] }]);
  });

  it('is one buffer for framed transports', () => {
    const pieces = listOf(10_000, 100).answer(clientOf(1, ClientType.WINDOWS, true), 5);
    expect(pieces).toHaveLength(1);
    expect(read(pieces)).toMatchObject([{ ids: ids(1, 10_000) }]);
    const forAndroid = listOf(10_000, 100).answer(clientOf(1, ClientType.ANDROID, true), 5);
    expect(forAndroid).toHaveLength(read(forAndroid).length);
  });

  it('is one PDU when it is empty', () => {
    for (const clientType of [ClientType.ANDROID, ClientType.MAC]) {
      expect(read(listOf(0).answer(clientOf(1, clientType), 5))).toMatchObject([
        { latestUpdateTime: 77, ids: [] },
      ]);
    }
  });
});
