import { createCipheriv, createDecipheriv } from 'node:crypto';

const ALGORITHM = 'aes-256-ecb';

/** Encrypts and decrypts blocks of 16 bytes independently of each other. */
interface BlockCipher {
  encrypt(blocks: Uint8Array): Buffer;
  decrypt(blocks: Uint8Array): Buffer;
}

/**
 * AES-256 in ECB mode. Browsers get block-cipher.browser.ts instead (package.json, "browser").
 *
 * @param key 32 bytes
 */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  return {
    encrypt: (blocks) => createCipheriv(ALGORITHM, key, null).setAutoPadding(false).update(blocks),
    decrypt: (blocks) => createDecipheriv(ALGORITHM, key, null).setAutoPadding(false).update(blocks),
  };
}
