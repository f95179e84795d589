import { type AddressInfo, createServer, type Socket } from 'node:net';
import { BodyError, Commands, commandById, FramingError, type Pdu, PduDecoder } from '@teamtalk/protocol';
import { type Kit, listen } from '@teamtalk/service-kit';
import type { FileServerConfig } from '../config.js';
import { echoHeartbeat } from '../handlers/echo-heartbeat.js';
import { logIn } from '../handlers/log-in.js';

type Reason =
  | 'refused'
  | 'not_logged_in'
  | 'bad_pdus'
  | 'framing'
  | 'failed'
  | 'not_reading'
  | 'timeout'
  | 'peer';

/** Bytes a client may leave unread before it is disconnected: answers here are small. */
const maxUnreadBytes = 64 * 1024;

/**
 * Serves clients: until one has logged in only the login (0x0501) and the heartbeat (0x0701) are served, any
 * other command closes the connection (protocol notes, section 1).
 * @returns the port it listens on; stopping is registered in the kit's lifecycle
 */
export async function startClientListener(
  { life, log, metrics }: Kit,
  { listen: where, limits, loginTimeoutMs }: FileServerConfig,
): Promise<number> {
  const closed = metrics.counter('connections_closed_total', 'Connections ended, by reason', ['reason']);
  const badPdus = metrics.counter('bad_pdus_total', 'PDUs that are unknown or do not parse');
  const open = new Set<Socket>();
  metrics.gauge('connections', 'Open connections', () => open.size);

  const serve = (socket: Socket) => {
    const decoder = new PduDecoder(limits.pduBytes);
    let bad = 0;
    let reason: Reason | undefined;
    const end = (why: Reason) => {
      reason ??= why;
      socket.destroy();
    };
    const deadline = setTimeout(() => end('timeout'), loginTimeoutMs);
    open.add(socket);
    socket.on('close', () => {
      clearTimeout(deadline);
      open.delete(socket);
      closed.inc({ reason: reason ?? 'peer' });
    });
    socket.on('error', (error) => log.debug({ err: error }, 'a connection broke'));

    const handle = (pdu: Pdu) => {
      if (pdu.commandId === Commands.OtherHeartbeat.id) {
        socket.write(echoHeartbeat(pdu));
        if (socket.writableLength > maxUnreadBytes) end('not_reading');
      } else if (pdu.commandId === Commands.FileLoginReq.id) {
        const answer = logIn(pdu);
        reason = 'refused';
        // The client closes when it has the answer; if it does not, the deadline does.
        socket.end(answer);
      } else if (commandById(pdu.commandId)) {
        end('not_logged_in');
        return;
      } else {
        noteBad();
        return;
      }
      bad = 0;
    };
    const noteBad = () => {
      badPdus.inc();
      bad++;
      if (bad >= limits.consecutiveBadPdus) end('bad_pdus');
    };
    const read = (chunk: Buffer) => {
      decoder.push(chunk);
      for (let pdu = decoder.next(); pdu && !reason; pdu = decoder.next()) {
        try {
          handle(pdu);
        } catch (error) {
          if (!(error instanceof BodyError)) throw error;
          noteBad();
        }
      }
    };
    socket.on('data', (chunk) => {
      if (reason) return;
      try {
        read(chunk);
      } catch (error) {
        const framing = error instanceof FramingError;
        log[framing ? 'info' : 'error'](
          { err: error, peer: socket.remoteAddress },
          'a connection is given up',
        );
        end(framing ? 'framing' : 'failed');
      }
    });
  };

  const server = createServer({ noDelay: true }, serve);
  server.maxConnections = limits.connections;
  server.on('drop', () => closed.inc({ reason: 'too_many_connections' }));
  await listen(server, where);
  life.onStop('clients', () => {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    // Whoever has his answer is let go when it is written; nobody else is waited for.
    for (const socket of open) socket.destroySoon();
    return stopped;
  });
  return (server.address() as AddressInfo).port;
}
