import type { Server } from 'node:net';

/** Listens on a port of the system's choice, tells the parent which, and ends with the parent. */
export function listenForParent(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as { port: number }).port);
  });
  process.on('disconnect', () => process.exit(0));
}
