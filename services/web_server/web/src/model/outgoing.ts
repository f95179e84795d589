import type { Session } from '@teamtalk/client';
import { keyOf } from './session.js';

/** A message of this user that the server has not stored yet. */
export interface Outgoing {
  /** Its idempotency key, in hex. */
  readonly key: string;
  readonly session: Session;
  /** Empty while an image is not uploaded yet. */
  readonly text: string;
  readonly image?: Blob;
  readonly state: 'pending' | 'failed';
  /** Why sending failed. */
  readonly reason?: string;
}

/** The outgoing messages of one conversation. */
export function outgoingOf(all: readonly Outgoing[], session: Session): readonly Outgoing[] {
  const key = keyOf(session);
  return all.filter((each) => keyOf(each.session) === key);
}

/** The list with some fields of one message changed. */
export function changed(
  all: readonly Outgoing[],
  key: string,
  fields: Partial<Outgoing>,
): readonly Outgoing[] {
  return all.map((each) => (each.key === key ? { ...each, ...fields } : each));
}

export function without(all: readonly Outgoing[], key: string): readonly Outgoing[] {
  return all.filter((each) => each.key !== key);
}

export function newKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
