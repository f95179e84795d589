import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** Payload of a push. */
export interface WebPushText {
  title?: string;
  body?: string;
  tag: string;
  badge: number;
  withdrawn?: boolean;
}

/** The receiving end of a Web Push subscription, which decrypts its messages (RFC 8291): a browser or an app. */
export class PushSubscriber {
  readonly #keys = createECDH('prime256v1');
  readonly #auth = randomBytes(16);

  constructor() {
    this.#keys.generateKeys();
  }

  /** The subscription in the JSON format of browsers. */
  subscription(endpoint: string): string {
    return JSON.stringify({
      endpoint,
      keys: { p256dh: this.#keys.getPublicKey('base64url'), auth: this.#auth.toString('base64url') },
    });
  }

  /** @throws Error when the message is not encrypted for this subscriber, or is not JSON in UTF-8 */
  read(message: Buffer): WebPushText {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(this.#decrypt(message));
    return JSON.parse(text) as WebPushText;
  }

  #decrypt(message: Buffer): Buffer {
    const salt = message.subarray(0, 16);
    const keyLength = message.readUInt8(20);
    const sender = message.subarray(21, 21 + keyLength);
    const record = message.subarray(21 + keyLength);
    const shared = this.#keys.computeSecret(sender);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#keys.getPublicKey(), sender]);
    const input = Buffer.from(hkdfSync('sha256', shared, this.#auth, info, 32));
    const key = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: aes128gcm\0', 16));
    const nonce = Buffer.from(hkdfSync('sha256', input, salt, 'Content-Encoding: nonce\0', 12));
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAuthTag(record.subarray(-16));
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
    return padded.subarray(0, padded.lastIndexOf(2));
  }
}
