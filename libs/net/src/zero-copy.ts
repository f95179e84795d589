import { Socket, type SocketConstructorOpts } from 'node:net';

/** What all sockets are read into: what one read brought is taken before the next one begins. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** A socket's connection in the system. Node's cluster passes it on as is done here; the types do not know it. */
interface HandleOwner {
  _handle: object | null;
}

export type Take = (this: Socket, chunk: Buffer) => void;

/**
 * Is given a socket of a server with `pauseOnConnect`, which is not to be used any more, and gives the one to
 * use. That one is not counted by the server, and has no `data` events of its own.
 */
export type Convert = (accepted: Socket) => Socket;

/**
 * Turns accepted connections into sockets that are all read into one buffer. An ordinary socket gets 64 KiB
 * from malloc for each read, gives most of them back, and the garbage collector has the rest to follow up:
 * here that was a sixth of the CPU of a message.
 * @param take gets what came, a copy of its own
 */
export function readIntoShared(take: Take): Convert {
  return converter(function (length) {
    const chunk = Buffer.allocUnsafe(length);
    shared.copy(chunk, 0, 0, length);
    take.call(this, chunk);
    return true;
  });
}

/**
 * The same without the copies, where much comes.
 * @param take gets what came in the shared buffer itself, which the next read overwrites: what is kept when it
 *   returns has to be copied
 */
export function readZeroCopy(take: Take): Convert {
  return converter(function (length) {
    take.call(this, shared.subarray(0, length));
    return true;
  });
}

function converter(callback: (this: Socket, length: number) => boolean): Convert {
  const onread = { buffer: shared, callback };
  return (accepted) => {
    const shell = accepted as unknown as HandleOwner;
    const options = { handle: shell._handle, readable: true, writable: true, onread };
    shell._handle = null;
    accepted.destroy();
    return new Socket(options as unknown as SocketConstructorOpts).resume();
  };
}
