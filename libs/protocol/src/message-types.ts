import { IM } from '../gen/client.js';

const { MsgType: Msg, SessionType, ClientType: Client } = IM.BaseDefine;

/** Types of a message (client-behaviour.md#sending). */
export const MsgType = Object.freeze({
  SINGLE_TEXT: Msg.MSG_TYPE_SINGLE_TEXT,
  SINGLE_AUDIO: Msg.MSG_TYPE_SINGLE_AUDIO,
  /** From the HTTP API to a user; only clients built for it know it. */
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

/** The bit that tells mobile clients from PC clients. */
const MOBILE_BIT = 0x10;

export function isKnownMessageType(msgType: number): msgType is IM.BaseDefine.MsgType {
  return Object.hasOwn(sessionTypes, msgType);
}

/** Whether a message of this type goes to a group; false for types the protocol does not have. */
export function isGroupMessageType(msgType: number): boolean {
  return msgType === MsgType.GROUP_TEXT || msgType === MsgType.GROUP_AUDIO;
}

/** Whether `msg_data` of this type is encrypted text (push notices are). */
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

/** The kind of session a message of this type belongs to; undefined for types the protocol does not have. */
export function sessionTypeOf(msgType: IM.BaseDefine.MsgType): IM.BaseDefine.SessionType;
export function sessionTypeOf(msgType: number): IM.BaseDefine.SessionType | undefined;
export function sessionTypeOf(msgType: number): IM.BaseDefine.SessionType | undefined {
  return sessionTypes[msgType];
}

export function isKnownClientType(clientType: number): clientType is IM.BaseDefine.ClientType {
  return Client[clientType] !== undefined;
}

/** Whether a client type is a mobile one. Says nothing about whether the type is known. */
export function isMobileClient(clientType: number): boolean {
  return (clientType & MOBILE_BIT) !== 0;
}

/** Whether a client type is a PC one: every type is either this or mobile. */
export function isPcClient(clientType: number): boolean {
  return !isMobileClient(clientType);
}
