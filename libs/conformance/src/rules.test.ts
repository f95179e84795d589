import type { Frame } from '@teamtalk/local-stack';
import { Commands as C, encodePdu, HEADER_LENGTH, type PropertiesOf, readHeader } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { difference } from './match.js';
import { type ClientName, profiles } from './profiles.js';
import { Rules } from './rules.js';

const self = 7;

function frame(pdu: Buffer, header: Partial<Frame> = {}): Frame {
  return { ...readHeader(pdu), body: pdu.subarray(HEADER_LENGTH), ...header };
}

/** What a client of user 7 says that asked for the time with seq_num 5, and then got this. */
function verdict(frames: readonly Frame[], as: ClientName = 'windows'): string | undefined {
  const rules = new Rules(profiles[as]);
  rules.userId = self;
  rules.sent(C.MsgTimeRequest.id, 5);
  rules.sent(C.MsgData.id, 6);
  rules.sent(C.BuddyListAllUserRequest.id, 8);
  for (const each of frames) rules.received(each);
  return rules.violation;
}

const time = encodePdu(C.MsgTimeResponse, { serverTime: 1 }, 5);
const message = (changes: Partial<PropertiesOf<typeof C.MsgData>> = {}, seqNum = 0) =>
  frame(
    encodePdu(
      C.MsgData,
      {
        fromUserId: 1,
        toSessionId: self,
        msgId: 3,
        createTime: 1,
        msgType: 1,
        msgData: Buffer.from('x'),
        ...changes,
      },
      seqNum,
    ),
  );
const ack = (changes: Partial<PropertiesOf<typeof C.MsgDataAck>>) =>
  frame(encodePdu(C.MsgDataAck, { userId: self, sessionId: 1, msgId: 3, sessionType: 1, ...changes }, 6));
const users = frame(encodePdu(C.BuddyListAllUserResponse, { userId: self, latestUpdateTime: 1 }, 8));

it('finds nothing wrong with what servers send', () => {
  expect(verdict([frame(time), message(), message({ msgId: 4 }), ack({}), users])).toBeUndefined();
});

it.each<[string, RegExp, readonly Frame[], ClientName?]>([
  ['another version', /version 2/, [frame(time, { version: 2 })]],
  ['a flag', /flag 1/, [frame(time, { flag: 1 })]],
  ['reserved', /reserved 1/, [frame(time, { reserved: 1 })]],
  ['another service', /service_id 9/, [frame(time, { serviceId: 9 })]],
  ['a push with a seq_num', /seq_num 5 on what the server started/, [message({}, 5)]],
  ['an answer nobody asked for', /seq_num 9 is of no request/, [frame(time, { seqNum: 9 })]],
  ['an answer to another request', /seq_num 6 is that of CID_MSG_DATA/, [frame(time, { seqNum: 6 })]],
  ['a second answer', /2 answers to 1 requests/, [frame(time), frame(time)]],
  ['a second 0x0209 for iOS', /2 answers to 1 requests/, [users, users], 'ios'],
  ['no required field', /not an IM.Message/, [frame(time, { body: Buffer.from([0x10, 1]) })]],
  ['no body for iOS', /no body/, [frame(time, { body: Buffer.alloc(0) })], 'ios'],
  ['too large for Android', /409601 bytes/, [frame(time, { length: 409_601 })], 'android'],
  ['attach_data', /bears attach_data/, [message({ attachData: Buffer.from('x') })]],
  ['another user’s id', /user_id 8 instead/, [ack({ userId: 8 })]],
  ['an ack of 0', /msg_id 0/, [ack({ msgId: 0 })]],
  ['a snowflake', /msg_id 90000000/, [message({ msgId: 90_000_000 })]],
  ['a message twice', /msg_id 3 of .* after 3/, [message(), message()]],
  ['messages out of order', /msg_id 3 of .* after 4/, [message({ msgId: 4 }), message()]],
  ['what only clients send', /never sent to a client/, [frame(encodePdu(C.MsgTimeRequest, {}, 0))]],
])('finds %s', (_, problem, frames, as) => {
  expect(verdict(frames, as)).toMatch(problem);
});

it('allows Android several 0x0209 of a seq_num, and everybody two acks of a message sent twice', () => {
  expect(verdict([users, users], 'android')).toBeUndefined();
  const rules = new Rules(profiles.windows);
  rules.userId = self;
  for (let i = 0; i < 2; i++) rules.sent(C.MsgData.id, 6);
  for (let i = 0; i < 2; i++) rules.received(ack({}));
  expect(rules.violation).toBeUndefined();
});

it('with `legacy`, sets apart what an original is known for, and finds the rest', () => {
  const rules = new Rules(profiles.android, { legacy: true });
  rules.userId = self;
  rules.sent(C.LoginReqDevicetoken.id, 5);
  rules.received(message({ attachData: Buffer.from('x') }, 9));
  rules.received(frame(encodePdu(C.LoginResDevicetoken, { userId: self }, 5), { body: Buffer.alloc(0) }));
  expect(rules.violation).toBeUndefined();
  expect([...rules.known]).toEqual([
    ['defect-forwarded-header', expect.stringContaining('seq_num 9 on what the server started')],
    ['fix-device-token-answer', expect.stringContaining('missing required')],
  ]);
  // A push with somebody's number is looked at like any other.
  rules.received(message({}, 9));
  expect(rules.violation).toMatch(/msg_id 3 of .* after 3/);
});

it.each([
  [{ a: 1, b: [1, 2] }, { b: [1, 2] }, undefined],
  [{ a: 1 }, { a: (n: number) => n > 0 }, undefined],
  [{ a: 1 }, { a: (n: number) => n > 1 }, 'a is 1'],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, 'a[0].b is 1 instead of 2'],
  [{ a: [1] }, { a: [] }, 'a has 1 entries instead of 0: [1]'],
  [{ a: Buffer.from('x') }, { a: Buffer.from('y') }, 'a is 1 bytes 78 instead of 1 bytes 79'],
])('compares %j with %j', (actual, expected, problem) => {
  expect(difference(actual, expected)).toBe(problem);
});
