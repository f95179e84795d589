import { createCipheriv, createDecipheriv } from 'node:crypto';

const ALGORITHM = 'aes-256-ecb';

/** Encrypts and decrypts whole blocks of 16 bytes, each by itself. */
interface BlockCipher {
  encrypt(blocks: Uint8Array): Buffer;
  decrypt(blocks: Uint8Array): Buffer;
}

/**
 * AES-256 in ECB mode. In browsers block-cipher.browser.ts takes its place (package.json, "browser").
 *
 * @param key 32 bytes
 */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  return {
    encrypt: (blocks) => createCipheriv(ALGORITHM, key, null).setAutoPadding(false).update(blocks),
    decrypt: (blocks) => createDecipheriv(ALGORITHM, key, null).setAutoPadding(false).update(blocks),
  };
}
