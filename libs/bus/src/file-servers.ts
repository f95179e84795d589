import type { Registry } from './registry.js';

/** Addresses a client is given at most. */
const maxAddresses = 8;

/** Where a client dials a file_server. */
export interface FileServerAddress {
  ip: string;
  port: number;
}

/**
 * Where clients reach the file_servers that take new ones: a file that waits is found by whichever they ask.
 * @param first the one that both sides of a transfer are to try before the others
 */
export function fileServerAddresses(
  fileServers: Pick<Registry, 'all'>,
  first?: FileServerAddress,
): FileServerAddress[] {
  const taking = fileServers
    .all()
    .filter(({ draining }) => !draining)
    .map(({ ip1, port }) => ({ ip: ip1, port }));
  if (!first) return taking.slice(0, maxAddresses);
  const others = taking.filter(({ ip, port }) => ip !== first.ip || port !== first.port);
  return [first, ...others].slice(0, maxAddresses);
}
