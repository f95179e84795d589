/** A new idempotency key. Used instead of randomUUID, which browsers offer only in secure contexts. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}
