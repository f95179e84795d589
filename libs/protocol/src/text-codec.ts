import { createBlockCipher } from './block-cipher.js';
import { asciiText, copyOf, fromBase64, toBase64, utf8Bytes, zeros } from './bytes.js';
import { uint32At, writeUint32 } from './header.js';

const KEY_LENGTH = 32;
const BLOCK_LENGTH = 16;
const LENGTH_FIELD = 4;
const BASE64_PADDING = /={1,2}$/;
const NOT_BASE64 = /[^A-Za-z0-9+/]/;

/** The key all historic clients have built in (client-behaviour.md#text-encryption). */
export const DEFAULT_TEXT_KEY = '12345678901234567890123456789012';

export type TextErrorReason =
  /** Not padded base64. */
  | 'not-base64'
  /** Empty, or not a whole number of cipher blocks. */
  | 'not-whole-blocks'
  /** The length in the last block exceeds the blocks: most likely another key. */
  | 'length-out-of-bounds'
  /** The decrypted bytes are not UTF-8. */
  | 'not-utf8';

/** `msg_data` is not an encrypted text, or was encrypted with another key. */
export class TextError extends Error {
  override readonly name = 'TextError';
  readonly reason: TextErrorReason;

  constructor(reason: TextErrorReason) {
    super(`message text cannot be decrypted: ${reason}`);
    this.reason = reason;
  }
}

/** Encrypts and decrypts the text of messages the way all clients do. Its only state is the key. */
export interface TextCodec {
  /** The `msg_data` of a text: base64 in ASCII bytes. */
  encrypt(text: string): Buffer;
  /**
   * Decrypts a text.
   *
   * @throws TextError when the bytes are not a text encrypted with this key
   */
  decrypt(msgData: Uint8Array): string;
}

/**
 * Creates the codec of message texts (client-behaviour.md#text-encryption): base64 of AES-256-ECB without padding over
 * the text in UTF-8, zeros, and the text's length in bytes as big-endian u32 in the last four bytes.
 *
 * @param key shared with the clients; exactly 32 bytes (a string is taken as UTF-8)
 * @throws RangeError when the key has another length
 */
export function createTextCodec(key: string | Uint8Array): TextCodec {
  const keyBytes = typeof key === 'string' ? utf8Bytes(key) : copyOf(key);
  if (keyBytes.length !== KEY_LENGTH) {
    throw new RangeError(`the text key must be ${KEY_LENGTH} bytes, not ${keyBytes.length}`);
  }
  const cipher = createBlockCipher(keyBytes);
  // Keep a BOM: decrypting must return exactly what was encrypted.
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  return {
    encrypt(text) {
      const utf8Text = utf8Bytes(text);
      const blocks = Math.ceil((utf8Text.length + LENGTH_FIELD) / BLOCK_LENGTH);
      const plain = zeros(blocks * BLOCK_LENGTH);
      plain.set(utf8Text);
      writeUint32(plain, plain.length - LENGTH_FIELD, utf8Text.length);
      return toBase64(cipher.encrypt(plain));
    },

    decrypt(msgData) {
      const base64 = asciiText(msgData);
      if (!isBase64(base64)) throw new TextError('not-base64');
      const encrypted = fromBase64(base64);
      if (encrypted.length === 0 || encrypted.length % BLOCK_LENGTH !== 0) {
        throw new TextError('not-whole-blocks');
      }
      const plain = cipher.decrypt(encrypted);
      const room = plain.length - LENGTH_FIELD;
      const textLength = uint32At(plain, room);
      if (textLength > room) throw new TextError('length-out-of-bounds');
      try {
        return utf8.decode(plain.subarray(0, textLength));
      } catch {
        throw new TextError('not-utf8');
      }
    },
  };
}

// Node's decoder skips invalid characters silently, so it cannot validate.
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && !NOT_BASE64.test(text.replace(BASE64_PADDING, ''));
}
