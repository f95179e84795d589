import type { Socket } from 'node:net';

/** Up to so many bytes are copied into one buffer, which is cheaper than a gathered write. */
const maxCopied = 65_536;

/**
 * Writes PDUs to a socket at once.
 * @returns their bytes
 */
export function writeTogether(socket: Socket, pdus: readonly Buffer[]): number {
  let bytes = 0;
  for (const pdu of pdus) bytes += pdu.length;
  if (bytes <= maxCopied) {
    socket.write(Buffer.concat(pdus, bytes));
    return bytes;
  }
  socket.cork();
  for (const pdu of pdus) socket.write(pdu);
  socket.uncork();
  return bytes;
}
