import { Socket, type SocketConstructorOpts } from 'node:net';

/** The buffer all sockets read into: each read is consumed before the next one begins. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** The libuv handle of a socket. Node's cluster module passes it on in the same way; it is missing in the types. */
interface HandleOwner {
  _handle: object | null;
}

export type Take = (this: Socket, chunk: Buffer) => void;

/**
 * Takes a socket of a server with `pauseOnConnect`, which must not be used any more, and returns its replacement, which
 * the server does not count and which emits no `data` events.
 */
export type Convert = (accepted: Socket) => Socket;

/**
 * Turns accepted connections into sockets that all read into one buffer. An ordinary socket allocates 64 KiB for each
 * read, returns most of it, and burdens the garbage collector with the rest.
 * @param take gets a copy of the bytes that were read
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
 * Like `readIntoShared`, without the copies, for connections with much data.
 * @param take gets a view of the shared buffer, which the next read overwrites: what outlives the call must be copied
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
