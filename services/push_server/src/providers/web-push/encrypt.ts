import {
  createCipheriv,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { publicKeyOf, rawPublicKey } from './p256.js';

/** What a browser or app says of its subscription. */
export interface SubscriptionKeys {
  /** uncompressed point on P-256, 65 bytes */
  p256dh: Buffer;
  /** 16 bytes */
  auth: Buffer;
}

/** Of a test vector; otherwise they are new for each message. */
export interface MessageSecrets {
  privateKey: KeyObject;
  salt: Buffer;
}

/** Record size in the header. A message is one record. */
const recordSize = 4_096;
/** Bytes of a message besides its text: salt, record size, key id, delimiter and tag. */
export const overhead = 16 + 4 + 1 + 65 + 1 + 16;

/**
 * A message for a subscription (RFC 8291), as one record of aes128gcm (RFC 8188).
 * @throws Error when the subscription's key is no point of the curve
 */
export function encryptMessage(
  text: Buffer,
  { p256dh, auth }: SubscriptionKeys,
  secrets: MessageSecrets = newSecrets(),
): Buffer {
  const { privateKey, salt } = secrets;
  const sender = rawPublicKey(privateKey);
  const shared = diffieHellman({ privateKey, publicKey: publicKeyOf(p256dh) });
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, sender]);
  const input = Buffer.from(hkdfSync('sha256', shared, auth, info, 32));
  const key = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: aes128gcm\0', 16));
  const nonce = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: nonce\0', 12));
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const header = Buffer.alloc(21);
  salt.copy(header);
  header.writeUInt32BE(recordSize, 16);
  header.writeUInt8(sender.length, 20);
  // 2 ends the last record.
  const encrypted = [cipher.update(text), cipher.update(Buffer.of(2)), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([header, sender, ...encrypted]);
}

function newSecrets(): MessageSecrets {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, salt: randomBytes(16) };
}
