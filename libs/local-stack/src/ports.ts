import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Ports below those that systems give to connections of clients, which could take one before it is used. */
const unassigned = { from: 20_000, to: 32_768 };

/** Whether a TCP port can be listened on, on the loopback address and on all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  // A listener on one address does not always keep another socket from 0.0.0.0: both are tried.
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '0.0.0.0'));
}

/**
 * The first free port from `wanted` on that is not in `taken`; with 0, any that no client is given. Between
 * this answer and its use another process may listen on the port.
 * @throws Error when none of the next 200 is free
 */
export async function freePort(wanted: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  if (wanted === 0) return freePort(randomInt(unassigned.from, unassigned.to - 200), taken);
  for (let port = wanted; port < wanted + 200 && port <= 65_535; port++) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no port from ${wanted} to ${Math.min(wanted + 199, 65_535)} is free`);
}

async function canListen(port: number, host: string): Promise<boolean> {
  try {
    await listenOnce(port, host);
    return true;
  } catch {
    return false;
  }
}

function listenOnce(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()));
  });
}
