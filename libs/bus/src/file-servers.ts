import type { Registry } from './registry.js';

/** Maximum number of addresses given to a client. */
const maxAddresses = 8;

/** The address at which clients reach a file_server. */
export interface FileServerAddress {
  ip: string;
  port: number;
}

/**
 * Addresses of the file_servers that accept new clients; any of them can serve a stored file.
 * @param first the one that both sides of a transfer try before the others
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
