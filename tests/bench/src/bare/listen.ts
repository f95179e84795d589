import type { Server } from 'node:net';

/** Listens on a free port, sends its number to the parent process, and exits with the parent. */
export function listenForParent(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as { port: number }).port);
  });
  process.on('disconnect', () => process.exit(0));
}
