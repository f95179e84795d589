import { Failure } from './failure.js';

/** No message is longer, whatever a server allows. */
const mostBytes = 1 << 20;

/**
 * All of a stream as text, without the line break that ends it.
 *
 * @throws Failure when it is longer than 1 MiB or not UTF-8
 */
export async function readText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Failure('standard input is too long for a message');
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch (error) {
    throw new Failure('standard input is not UTF-8', { cause: error });
  }
}
