/** An IPv4 address is the same client's whether or not it comes as one of IPv6 (`::ffff:10.0.0.1`). */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\./i.test(address) ? address.slice('::ffff:'.length) : address;
}
