import { describe, expect, it } from 'vitest';
import { IM } from '../gen/client.js';
import * as types from './message-types.js';

const { SESSION_TYPE_SINGLE, SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

describe('message types', () => {
  it.each([
    ['SINGLE_TEXT', 0x01, { group: false, text: true, audio: false, session: SESSION_TYPE_SINGLE }],
    ['SINGLE_AUDIO', 0x02, { group: false, text: false, audio: true, session: SESSION_TYPE_SINGLE }],
    ['PUSH_NOTICE', 0x03, { group: false, text: true, audio: false, session: SESSION_TYPE_SINGLE }],
    ['GROUP_TEXT', 0x11, { group: true, text: true, audio: false, session: SESSION_TYPE_GROUP }],
    ['GROUP_AUDIO', 0x12, { group: true, text: false, audio: true, session: SESSION_TYPE_GROUP }],
  ] as const)('%s is %i', (name, value, { group, text, audio, session }) => {
    expect(types.MsgType[name]).toBe(value);
    expect(types.isKnownMessageType(value)).toBe(true);
    expect(types.isGroupMessageType(value)).toBe(group);
    expect(types.isTextMessageType(value)).toBe(text);
    expect(types.isAudioMessageType(value)).toBe(audio);
    expect(types.sessionTypeOf(value)).toBe(session);
  });

  it('have a constant for every value of the schema', () => {
    expect(new Set(Object.values(types.MsgType))).toEqual(new Set(Object.values(IM.BaseDefine.MsgType)));
  });

  it.each([0, 4, 0x10, 0x13, -1, 1.5])('%d is not a message type', (value) => {
    expect(types.isKnownMessageType(value)).toBe(false);
    expect(types.isGroupMessageType(value)).toBe(false);
    expect(types.isTextMessageType(value)).toBe(false);
    expect(types.isAudioMessageType(value)).toBe(false);
    expect(types.sessionTypeOf(value)).toBeUndefined();
  });
});

describe('client types', () => {
  it.each([
    ['WINDOWS', 0x01, false],
    ['MAC', 0x02, false],
    ['IOS', 0x11, true],
    ['ANDROID', 0x12, true],
  ] as const)('%s is %i', (name, value, mobile) => {
    expect(types.ClientType[name]).toBe(value);
    expect(types.isKnownClientType(value)).toBe(true);
    expect(types.isMobileClient(value)).toBe(mobile);
    expect(types.isPcClient(value)).toBe(!mobile);
  });

  it('have a constant for every value of the schema', () => {
    const values = new Set(Object.values(IM.BaseDefine.ClientType));
    expect(new Set(Object.values(types.ClientType))).toEqual(values);
  });

  it.each([0, 3, 0x10, 0x13, -1])('%d is not a client type', (value) => {
    expect(types.isKnownClientType(value)).toBe(false);
  });
});
