import { lookup } from 'node:dns/promises';

interface ServerAddress {
  host: string;
  port: number;
}

/**
 * Resolves the addresses of the msg_servers, as `host:port` in a fixed order.
 * @param names each as `host:port`
 * @throws the DNS error when a name cannot be resolved
 */
export async function findServers(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const { host, port } = parseServer(name);
      const addresses = await lookup(host, { all: true });
      return addresses.map(({ address, family }) => `${family === 6 ? `[${address}]` : address}:${port}`);
    }),
  );
  return [...new Set(found.flat())].sort();
}

/** Splits `host:port`, where an IPv6 address is in brackets. */
export function parseServer(text: string): ServerAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(text.slice(colon + 1)) };
}
