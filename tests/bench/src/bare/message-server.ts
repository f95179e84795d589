import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  Commands,
  decodeBody,
  encodePdu,
  encodeRawPdu,
  MsgType,
  type Pdu,
  PduDecoder,
  sessionTypeOf,
} from '@teamtalk/protocol';
import { listenForParent } from './listen.js';

// The least a message server in Node can do: it accepts every login, numbers each message, acknowledges it at once
// and delivers it. It stores and checks nothing and speaks to no other process. What msg_server costs above this is
// the price of everything else.

interface Client {
  socket: Socket;
  userId: number;
}

const heartbeat = 0x0701;
const maxPdu = 1024 * 1024;
const clients = new Map<number, Client>();
/** messages by conversation: the lower user's id times 2^32, plus the higher one's */
const counts = new Map<number, number>();

function logIn(client: Client, { body, seqNum }: Pdu): void {
  const { userName } = decodeBody(Commands.LoginReqUserlogin, body);
  client.userId = Number(userName.replace(/^\D+/, ''));
  clients.set(client.userId, client);
  const text = { userNickName: userName, avatarUrl: '', email: '', userRealName: '', userTel: '' };
  const userInfo = {
    userId: client.userId,
    userGender: 1,
    departmentId: 1,
    userDomain: '',
    status: 0,
    ...text,
  };
  const answer = { serverTime: 0, resultCode: 0, resultString: '', onlineStatus: 1, userInfo };
  client.socket.write(encodePdu(Commands.LoginResUserlogin, answer, seqNum));
}

function passOn({ socket, userId }: Client, { body, seqNum }: Pdu): void {
  const { toSessionId, msgData } = decodeBody(Commands.MsgData, body);
  const conversation = Math.min(userId, toSessionId) * 2 ** 32 + Math.max(userId, toSessionId);
  const msgId = (counts.get(conversation) ?? 0) + 1;
  counts.set(conversation, msgId);
  const ack = { userId, sessionId: toSessionId, msgId, sessionType: sessionTypeOf(MsgType.SINGLE_TEXT) };
  socket.write(encodePdu(Commands.MsgDataAck, ack, seqNum));
  const createTime = Math.floor(Date.now() / 1000);
  const message = {
    fromUserId: userId,
    toSessionId,
    msgId,
    createTime,
    msgType: MsgType.SINGLE_TEXT,
    msgData,
  };
  clients.get(toSessionId)?.socket.write(encodePdu(Commands.MsgData, message, 0));
}

function take(client: Client, pdu: Pdu): void {
  if (pdu.commandId === Commands.MsgData.id) passOn(client, pdu);
  else if (pdu.commandId === Commands.LoginReqUserlogin.id) logIn(client, pdu);
  else if (pdu.commandId === heartbeat) client.socket.write(encodeRawPdu(heartbeat, pdu.body, pdu.seqNum));
}

function serve(socket: Socket): void {
  const decoder = new PduDecoder(maxPdu);
  const client: Client = { socket, userId: 0 };
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    for (let pdu = decoder.next(); pdu; pdu = decoder.next()) take(client, pdu);
  });
  socket.on('error', () => {});
  socket.on('close', () => clients.delete(client.userId));
}

const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = process.env;
listenForParent(
  cert && key
    ? createTlsServer({ cert: readFileSync(cert), key: readFileSync(key), noDelay: true }, serve)
    : createServer({ noDelay: true }, serve),
);
