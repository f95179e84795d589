import { expect, it } from 'vitest';
import { ConnectionOutput, type OutputHost } from './connection-output.js';
import type { Transport } from './transport.js';

class Output extends ConnectionOutput {
  readonly host = {
    limits: { outboundBytes: 100_000 },
    outbound: { add() {} },
    metrics: { sentBytes: { value: 0 } },
  } as unknown as OutputHost;
  readonly isOpen = true;
  userId = 0;
  closed = '';

  destroy(reason: string): void {
    this.closed = reason;
  }
}

/** The reason for which a write closes a connection with this many unread bytes; empty: it stays open. */
function closedWith(unread: number, userId: number): string {
  const transport = { writableLength: unread, write() {} } as unknown as Transport;
  const output = new Output(transport);
  output.userId = userId;
  output.write(Buffer.alloc(16));
  output.flush();
  return output.closed;
}

it('a client may leave 16 KiB unread before its login, and MAX_OUTBOUND_BYTES after it', () => {
  expect(closedWith(16_384, 0)).toBe('');
  expect(closedWith(16_385, 0)).toBe('slow-reader');
  expect(closedWith(100_000, 7)).toBe('');
  expect(closedWith(100_001, 7)).toBe('slow-reader');
});
