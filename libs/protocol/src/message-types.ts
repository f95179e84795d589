import { IM } from '../gen/client.js';

const { MsgType: Msg, SessionType, ClientType: Client } = IM.BaseDefine;

/** Types of a message (client-behaviour.md#sending). */
export const MsgType = Object.freeze({
  SINGLE_TEXT: Msg.MSG_TYPE_SINGLE_TEXT,
  SINGLE_AUDIO: Msg.MSG_TYPE_SINGLE_AUDIO,
  /** From the HTTP API to a user; legacy clients do not know this type. */
  PUSH_NOTICE: Msg.MSG_TYPE_PUSH_NOTICE,
  GROUP_TEXT: Msg.MSG_TYPE_GROUP_TEXT,
  GROUP_AUDIO: Msg.MSG_TYPE_GROUP_AUDIO,
});

/** Types of a client (client-behaviour.md#client-types). The web client is WINDOWS. */
export const ClientType = Object.freeze({
  WINDOWS: Client.CLIENT_TYPE_WINDOWS,
  MAC: Client.CLIENT_TYPE_MAC,
  IOS: Client.CLIENT_TYPE_IOS,
  ANDROID: Client.CLIENT_TYPE_ANDROID,
});

/** The bit that is set for mobile clients and not for PC clients. */
const MOBILE_BIT = 0x10;

export function isKnownMessageType(msgType: number): msgType is IM.BaseDefine.MsgType {
  return Object.hasOwn(sessionTypes, msgType);
}

/** Whether a message of this type goes to a group; false for unknown types. */
export function isGroupMessageType(msgType: number): boolean {
  return msgType === MsgType.GROUP_TEXT || msgType === MsgType.GROUP_AUDIO;
}

/** Whether `msg_data` of this type is encrypted text (as are push notifications). */
export function isTextMessageType(msgType: number): boolean {
  return msgType === MsgType.SINGLE_TEXT || msgType === MsgType.GROUP_TEXT || msgType === MsgType.PUSH_NOTICE;
}

/** Whether `msg_data` of this type is audio: a big-endian u32 duration in seconds, then the sound. */
export function isAudioMessageType(msgType: number): boolean {
  return msgType === MsgType.SINGLE_AUDIO || msgType === MsgType.GROUP_AUDIO;
}

const sessionTypes: Readonly<Record<number, IM.BaseDefine.SessionType>> = {
  [MsgType.SINGLE_TEXT]: SessionType.SESSION_TYPE_SINGLE,
  [MsgType.SINGLE_AUDIO]: SessionType.SESSION_TYPE_SINGLE,
  [MsgType.PUSH_NOTICE]: SessionType.SESSION_TYPE_SINGLE,
  [MsgType.GROUP_TEXT]: SessionType.SESSION_TYPE_GROUP,
  [MsgType.GROUP_AUDIO]: SessionType.SESSION_TYPE_GROUP,
};

/** The kind of session a message of this type belongs to; undefined for unknown types. */
export function sessionTypeOf(msgType: IM.BaseDefine.MsgType): IM.BaseDefine.SessionType;
export function sessionTypeOf(msgType: number): IM.BaseDefine.SessionType | undefined;
export function sessionTypeOf(msgType: number): IM.BaseDefine.SessionType | undefined {
  return sessionTypes[msgType];
}

export function isKnownClientType(clientType: number): clientType is IM.BaseDefine.ClientType {
  return Client[clientType] !== undefined;
}

/** Whether a client type is a mobile one. Does not check that the type is known. */
export function isMobileClient(clientType: number): boolean {
  return (clientType & MOBILE_BIT) !== 0;
}

/** Whether a client type is a PC one; every type is either PC or mobile. */
export function isPcClient(clientType: number): boolean {
  return !isMobileClient(clientType);
}
