import { describe, expect, expectTypeOf, it } from 'vitest';
import type { IM } from '../gen/client.js';
import { Commands } from './command-table.js';
import { readHeader } from './header.js';
import { BodyError, decodeBody, encodePdu, encodeRawPdu, withSeqNum } from './pdu.js';

// Written by hand, byte by byte.
const ackPdu = Buffer.from(
  [
    '0000001a 0001 0000 0003 0302 0007 0000', // 26 bytes, command 0x0302, sequence number 7
    '08 ac02', // user_id 300
    '10 05', // session_id 5
    '18 9601', // msg_id 150
    '20 01', // session_type single
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);
const ack: IM.Message.IMMsgDataAck.$Properties = { userId: 300, sessionId: 5, msgId: 150, sessionType: 1 };

const message = (msgData: Uint8Array): IM.Message.IMMsgData.$Properties => ({
  fromUserId: 1,
  toSessionId: 2,
  msgId: 3,
  createTime: 1_700_000_000,
  msgType: 1,
  msgData,
});

describe('encodePdu', () => {
  it('writes header and body', () => {
    expect(encodePdu(Commands.MsgDataAck, ack, 7).toString('hex')).toBe(ackPdu.toString('hex'));
  });

  it('writes just the header for an empty message', () => {
    const heartbeat = encodePdu(Commands.OtherHeartbeat, {}, 0xffff);
    expect(heartbeat.toString('hex')).toBe('000000100001000000070701ffff0000');
  });

  it('handles bodies of any size, also around the size of its slab', () => {
    for (const size of [0, 1, 127, 128, 4096, 8100, 8150, 8151, 8152, 8160, 8176, 8192, 20_000, 1_000_000]) {
      const msgData = Buffer.alloc(size, size % 251);
      const pdu = encodePdu(Commands.MsgData, message(msgData), 1);
      expect(readHeader(pdu).length).toBe(pdu.length);
      const decoded = decodeBody(Commands.MsgData, pdu.subarray(16));
      expect(msgData.equals(decoded.msgData)).toBe(true);
      expect(decoded.createTime).toBe(1_700_000_000);
    }
  });

  it('returns separate bytes for every PDU', () => {
    const small = [1, 2, 3].map((fill) => encodePdu(Commands.MsgData, message(Buffer.alloc(9, fill)), fill));
    const large = [4, 5].map((fill) => encodePdu(Commands.MsgData, message(Buffer.alloc(9000, fill)), fill));
    for (const [i, pdu] of [...small, ...large].entries()) {
      const { msgData } = decodeBody(Commands.MsgData, pdu.subarray(16));
      expect(new Set(msgData)).toEqual(new Set([i + 1]));
    }
  });

  it('works after a message that could not be encoded', () => {
    const broken = { userId: 1, userList: [{ userId: 1 }] } as IM.Buddy.IMAllUserRsp.$Properties;
    expect(() => encodePdu(Commands.BuddyListAllUserResponse, broken, 0)).toThrow(TypeError);
    expect(encodePdu(Commands.MsgDataAck, ack, 7).equals(ackPdu)).toBe(true);
  });

  it('is checked at compile time', () => {
    // @ts-expect-error a required field is missing
    encodePdu(Commands.MsgDataAck, { userId: 1, sessionId: 2, msgId: 3 }, 0);
    // @ts-expect-error no such field
    encodePdu(Commands.OtherHeartbeat, { userId: 1 }, 0);
  });
});

describe('encodeRawPdu', () => {
  it('puts a header before bytes, whether or not the command is known', () => {
    expect(encodeRawPdu(0x0302, ackPdu.subarray(16), 7).equals(ackPdu)).toBe(true);
    const unknown = encodeRawPdu(0x0a0b, Buffer.from('abc'), 1);
    expect(unknown.toString('hex')).toBe('0000001300010000000a0a0b00010000616263');
  });
});

describe('withSeqNum', () => {
  it('copies the PDU and changes nothing else', () => {
    const original = Buffer.from(ackPdu);
    const copy = withSeqNum(original, 0x10102);
    expect(original.equals(ackPdu)).toBe(true);
    expect(readHeader(copy)).toEqual({ ...readHeader(ackPdu), seqNum: 0x0102 });
    expect(copy.subarray(16).equals(ackPdu.subarray(16))).toBe(true);
  });
});

describe('decodeBody', () => {
  it("returns the message's type", () => {
    const decoded = decodeBody(Commands.MsgDataAck, ackPdu.subarray(16));
    expect(decoded).toEqual(ack);
    expectTypeOf(decoded.sessionType).toEqualTypeOf<IM.BaseDefine.SessionType>();
  });

  it('skips fields the schema does not know', () => {
    const unknown = Buffer.from('9a0603616263980605', 'hex'); // field 99: bytes, then a number
    const body = Buffer.concat([ackPdu.subarray(16), unknown]);
    expect(decodeBody(Commands.MsgDataAck, body)).toEqual(ack);
  });

  it('does not copy bytes fields', () => {
    const body = encodePdu(Commands.MsgData, message(Buffer.from('hello')), 0).subarray(16);
    const { msgData } = decodeBody(Commands.MsgData, body);
    expectTypeOf(msgData).toEqualTypeOf<Uint8Array>();
    expect(msgData.buffer).toBe(body.buffer);
  });

  it.each([
    ['cut off', ackPdu.subarray(16, -1)],
    ['a varint without end', Buffer.alloc(20, 0xff)],
    ['a field longer than the body', Buffer.from('0a7f', 'hex')],
    ['nothing at all', Buffer.alloc(0)],
    ['a required enum with a value nobody knows', Buffer.from('08011002180320ff01', 'hex')],
    ['a required field with the wrong wire type', Buffer.from('0a0101100218032001', 'hex')],
  ])('refuses a body that is %s', (_name, body) => {
    expect(() => decodeBody(Commands.MsgDataAck, body)).toThrow(BodyError);
  });

  it('reports the command and the reason', () => {
    try {
      decodeBody(Commands.MsgDataAck, Buffer.alloc(0));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: 'BodyError', commandId: 0x0302 });
      expect((error as BodyError).message).toBe("not an IM.Message.IMMsgDataAck: missing required 'userId'");
      expect((error as BodyError).cause).toBeInstanceOf(Error);
    }
  });
});
