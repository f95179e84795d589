/** Unmaps an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`), so that a client has one address only. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\./i.test(address) ? address.slice('::ffff:'.length) : address;
}
