import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** An encrypted text. */
interface Sealed {
  /** identifies the encryption key: the beginning of its hash */
  keyId: string;
  bytes: Buffer;
}

const form = 1;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

/** @throws Error when one of the comma-separated keys is not 32 bytes in hexadecimal or base64 */
function parseKeys(list: string): Buffer[] {
  return list.split(',').map((text) => {
    const trimmed = text.trim();
    const key = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64');
    if (key.length !== 32) throw new Error('each key must be 32 bytes, in hexadecimal or base64');
    return key;
  });
}

/** A variable that holds a list of keys; empty: none. */
export function secretKeysEnv(description: string) {
  return z
    .string()
    .refine(isKeyList, 'must be keys of 32 bytes each, in hexadecimal or base64, separated by commas')
    .default('')
    .describe(description);
}

function isKeyList(list: string): boolean {
  try {
    return parseKeys(list).length > 0;
  } catch {
    return false;
  }
}

/** Keys that encrypt stored secrets (AES-256-GCM): the first one encrypts, all decrypt. */
export class SecretKeys {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** id of the key that encrypts */
  readonly firstId: string;

  /** @throws Error when one of the comma-separated keys is not 32 bytes in hexadecimal or base64 */
  constructor(list: string) {
    this.#keys = new Map(parseKeys(list).map((key) => [idOf(key), key]));
    this.firstId = [...this.#keys.keys()][0] as string;
  }

  /** @param name what the secret is for; decryption needs the same name */
  seal(name: string, text: string): Sealed {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.firstId) as Buffer, nonce);
    const header = Buffer.concat([Buffer.of(form), Buffer.from(this.firstId, 'hex'), nonce]);
    cipher.setAAD(Buffer.concat([header, Buffer.from(name)]));
    const encrypted = [cipher.update(text, 'utf8'), cipher.final()];
    return { keyId: this.firstId, bytes: Buffer.concat([header, cipher.getAuthTag(), ...encrypted]) };
  }

  /** @throws Error when it was not encrypted with one of the keys, under this name */
  open(name: string, bytes: Buffer): string {
    const header = bytes.subarray(0, 1 + keyIdBytes + nonceBytes);
    const tag = bytes.subarray(header.length, header.length + tagBytes);
    const key = this.#keys.get(header.subarray(1, 1 + keyIdBytes).toString('hex'));
    if (header[0] !== form || tag.length !== tagBytes)
      throw new Error('it is in the format of another version');
    if (!key) throw new Error('none of the keys can decrypt it');
    const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(1 + keyIdBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.concat([header, Buffer.from(name)]));
    decipher.setAuthTag(tag);
    try {
      const text = bytes.subarray(header.length + tagBytes);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new Error('it was changed, or was encrypted under another name', { cause: error });
    }
  }
}

function idOf(key: Buffer): string {
  return createHash('sha256')
    .update('push credential')
    .update(key)
    .digest('hex')
    .slice(0, keyIdBytes * 2);
}
