import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

const publicKeyBytes = 44;
const tagBytes = 16;
/** The cipher's key is used once. */
const nonce = Buffer.alloc(12);

/** A key pair for one sealed secret. */
export class BoxKey {
  /** X25519, SPKI */
  readonly publicKey: Buffer;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' });
    this.#privateKey = privateKey;
  }

  /** The cipher's key that both sides of an exchange come to. */
  cipherKey(other: Buffer, sender: Buffer, recipient: Buffer): Buffer {
    const publicKey = createPublicKey({ key: other, format: 'der', type: 'spki' });
    const shared = diffieHellman({ privateKey: this.#privateKey, publicKey });
    return Buffer.from(
      hkdfSync('sha256', shared, Buffer.concat([sender, recipient]), 'teamtalk sealed box', 32),
    );
  }

  /** @throws Error when the box was sealed to another key, or changed */
  open(box: Buffer): Buffer {
    const sender = box.subarray(0, publicKeyBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.cipherKey(sender, sender, this.publicKey), nonce);
    decipher.setAuthTag(box.subarray(publicKeyBytes, publicKeyBytes + tagBytes));
    return Buffer.concat([decipher.update(box.subarray(publicKeyBytes + tagBytes)), decipher.final()]);
  }
}

/**
 * Encrypts a secret for the holder of a public key only.
 * @throws Error when `recipient` is no public key
 */
export function seal(secret: Buffer, recipient: Buffer): Buffer {
  const sender = new BoxKey();
  const key = sender.cipherKey(recipient, sender.publicKey, recipient);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([sender.publicKey, cipher.getAuthTag(), sealed]);
}
