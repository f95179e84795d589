import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Where clients and callers of the HTTP API reach the installation. */
export interface Addresses {
  /** what services listen on */
  listen: string;
  /** what programs on this machine dial, as it stands in a URL */
  local: string;
  /** what clients are told to dial */
  advertised: string;
}

const loopback = '127.0.0.1';

/** @throws RangeError when `text` is no IP address */
export function parseHost(text: string): string {
  if (isIP(text) === 0) throw new RangeError(`an IP address, such as 0.0.0.0 for all, not ‘${text}’`);
  return text;
}

/** @param listen an IP address; 0.0.0.0 and :: are all of this machine */
export function addressesOf(listen: string): Addresses {
  const isAll = isWildcard(listen);
  return {
    listen,
    local: isAll ? loopback : inUrl(listen),
    advertised: isAll ? (outsideAddress() ?? loopback) : listen,
  };
}

/** Whether it means all addresses of this machine. */
export function isWildcard(listen: string): boolean {
  return listen === '0.0.0.0' || listen === '::';
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** An address as it stands in a URL. */
export function inUrl(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** The first IPv4 address other machines know this one by. */
function outsideAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
