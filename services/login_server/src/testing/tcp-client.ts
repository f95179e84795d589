import { RawConnection } from '@teamtalk/local-stack';
import type { Pdu } from '@teamtalk/protocol';

/** Connects, sends `bytes`, and returns what the server sent until it closed the connection. */
export async function converse(port: number, bytes: Uint8Array): Promise<readonly Pdu[]> {
  const connection = await RawConnection.open(port);
  await connection.send(bytes);
  await connection.closed;
  return connection.received;
}
