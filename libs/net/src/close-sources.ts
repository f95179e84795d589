import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * Closes the file that a response is sent from when the client's connection ends. `send`, and so express.static, does that only
 * for the response that has the connection, and leaves open the files of pipelined requests behind it.
 */
export function closeSources(response: ServerResponse): void {
  response.once('pipe', (source: Readable) => {
    if (response.destroyed) source.destroy();
    else response.once('close', () => source.destroy());
  });
}
