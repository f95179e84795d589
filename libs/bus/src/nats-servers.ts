import type { NatsConnection } from 'nats';

/** Internals of a nats.js connection that its types do not declare. */
interface Internals {
  protocol: {
    servers: { length(): number; next(): unknown; getCurrentServer(): unknown; selectServer(): unknown };
    transport: { socket?: { destroy(): void } };
  };
}

function internalsOf(connection: NatsConnection): Internals['protocol'] {
  return (connection as unknown as Internals).protocol;
}

/** Whether there is another server to go to, configured or learned from the one that is connected. */
export function hasOtherServers(connection: NatsConnection): boolean {
  return internalsOf(connection).servers.length() > 1;
}

/**
 * Moves the connected server to the end of the list: nats.js would dial the first one again before any other, and a
 * frozen server accepts the connection and then says nothing.
 */
export function preferOtherServers(connection: NatsConnection): void {
  const { servers } = internalsOf(connection);
  if (servers.next() === servers.getCurrentServer()) servers.selectServer();
}

/** Breaks the connection. `reconnect()` of nats.js first waits until all is written, which a frozen server prevents. */
export function breakConnection(connection: NatsConnection): void {
  internalsOf(connection).transport.socket?.destroy();
}
