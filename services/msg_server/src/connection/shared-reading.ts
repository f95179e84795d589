import { Socket, type SocketConstructorOpts } from 'node:net';

/** What all sockets are read into: what one read brought is taken before the next one begins. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** A socket's connection in the system. Node's cluster passes it on as is done here; the types do not know it. */
interface HandleOwner {
  _handle: object | null;
}

export type Take = (this: Socket, chunk: Buffer) => void;

/**
 * Turns accepted connections into sockets that are all read into one buffer. An ordinary socket gets 64 KiB
 * from malloc for each read, gives most of them back, and the garbage collector has the rest to follow up:
 * here that was a sixth of the CPU of a message.
 * @param take gets what came, a copy of its own; there are no `data` events
 * @returns a function that is given a socket of a server with `pauseOnConnect`, which is not to be used any
 *   more, and gives the one to use. That one is not counted by the server.
 */
export function readIntoShared(take: Take): (accepted: Socket) => Socket {
  function onRead(this: Socket, length: number): boolean {
    const chunk = Buffer.allocUnsafe(length);
    shared.copy(chunk, 0, 0, length);
    take.call(this, chunk);
    return true;
  }
  const onread = { buffer: shared, callback: onRead };
  return (accepted) => {
    const shell = accepted as unknown as HandleOwner;
    const options = { handle: shell._handle, readable: true, writable: true, onread };
    shell._handle = null;
    accepted.destroy();
    return new Socket(options as unknown as SocketConstructorOpts).resume();
  };
}
