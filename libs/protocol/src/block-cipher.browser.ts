// AES-256 in ECB mode (FIPS 197) for browsers: WebCrypto has neither that mode nor synchronous calls. Not constant-time,
// because the historic key is public anyway (client-behaviour.md#text-encryption).

const BLOCK = 16;
const ROUNDS = 14;
const [sBox, inverseSBox] = makeBoxes();

interface BlockCipher {
  encrypt(blocks: Uint8Array): Uint8Array;
  decrypt(blocks: Uint8Array): Uint8Array;
}

/** @param key 32 bytes */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  const keys = expanded(key);
  return {
    encrypt: (blocks) => eachBlock(blocks, (state) => encryptBlock(state, keys)),
    decrypt: (blocks) => eachBlock(blocks, (state) => decryptBlock(state, keys)),
  };
}

function eachBlock(blocks: Uint8Array, change: (state: Uint8Array) => void): Uint8Array {
  const result = new Uint8Array(blocks);
  for (let at = 0; at < result.length; at += BLOCK) change(result.subarray(at, at + BLOCK));
  return result;
}

function encryptBlock(state: Uint8Array, keys: Uint8Array): void {
  addKey(state, keys, 0);
  for (let round = 1; round <= ROUNDS; round++) {
    substituteAndShift(state);
    if (round < ROUNDS) mixColumns(state);
    addKey(state, keys, round);
  }
}

function decryptBlock(state: Uint8Array, keys: Uint8Array): void {
  for (let round = ROUNDS; round >= 1; round--) {
    addKey(state, keys, round);
    if (round < ROUNDS) unmixColumns(state);
    unshiftAndSubstitute(state);
  }
  addKey(state, keys, 0);
}

function addKey(state: Uint8Array, keys: Uint8Array, round: number): void {
  for (let i = 0; i < BLOCK; i++) state[i]! ^= keys[round * BLOCK + i]!;
}

/** SubBytes and ShiftRows: row r (the bytes r, r + 4, r + 8 and r + 12) moves r columns to the left. */
function substituteAndShift(state: Uint8Array): void {
  const before = state.slice();
  for (let i = 0; i < BLOCK; i++) state[i] = sBox[before[(i + 4 * (i % 4)) % BLOCK]!]!;
}

function unshiftAndSubstitute(state: Uint8Array): void {
  const before = state.slice();
  for (let i = 0; i < BLOCK; i++) state[(i + 4 * (i % 4)) % BLOCK] = inverseSBox[before[i]!]!;
}

function mixColumns(state: Uint8Array): void {
  for (let c = 0; c < BLOCK; c += 4) {
    const column = state.slice(c, c + 4);
    const all = column[0]! ^ column[1]! ^ column[2]! ^ column[3]!;
    for (let r = 0; r < 4; r++) state[c + r]! ^= all ^ doubled(column[r]! ^ column[(r + 1) % 4]!);
  }
}

function unmixColumns(state: Uint8Array): void {
  for (let c = 0; c < BLOCK; c += 4) {
    const even = doubled(doubled(state[c]! ^ state[c + 2]!));
    const odd = doubled(doubled(state[c + 1]! ^ state[c + 3]!));
    state[c]! ^= even;
    state[c + 1]! ^= odd;
    state[c + 2]! ^= even;
    state[c + 3]! ^= odd;
  }
  mixColumns(state);
}

/** The round keys, concatenated. */
function expanded(key: Uint8Array): Uint8Array {
  const keys = new Uint8Array((ROUNDS + 1) * BLOCK);
  keys.set(key);
  let roundConstant = 1;
  for (let at = key.length; at < keys.length; at += 4) {
    let word = [...keys.subarray(at - 4, at)];
    if (at % key.length === 0) {
      word = [...word.slice(1), word[0]!].map((byte) => sBox[byte]!);
      word[0]! ^= roundConstant;
      roundConstant = doubled(roundConstant);
    } else if (at % key.length === BLOCK) {
      word = word.map((byte) => sBox[byte]!);
    }
    word.forEach((byte, i) => {
      keys[at + i] = keys[at + i - key.length]! ^ byte;
    });
  }
  return keys;
}

/** Multiplies by 2 in AES's finite field. */
function doubled(byte: number): number {
  return (byte << 1) ^ (byte & 0x80 ? 0x11b : 0);
}

/** Computes the S-boxes by walking all elements p of the field, as powers of 3, with their inverses q. */
function makeBoxes(): [Uint8Array, Uint8Array] {
  const box = new Uint8Array(256);
  const inverse = new Uint8Array(256);
  let p = 1;
  let q = 1;
  do {
    p ^= doubled(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    box[p] = q ^ rotated(q, 1) ^ rotated(q, 2) ^ rotated(q, 3) ^ rotated(q, 4) ^ 0x63;
  } while (p !== 1);
  box[0] = 0x63;
  box.forEach((value, i) => {
    inverse[value] = i;
  });
  return [box, inverse];
}

function rotated(byte: number, bits: number): number {
  return ((byte << bits) | (byte >>> (8 - bits))) & 0xff;
}
