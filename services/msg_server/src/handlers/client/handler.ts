import { type Command, decodeBody, type Pdu } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';

/**
 * Handles one PDU of a connection.
 * @returns false when it has to wait: the same PDU comes again at the connection's next `advance`
 * @throws BodyError when the body is not what the command has
 */
export type Handler = (connection: Connection, pdu: Pdu) => boolean;

/** `result_code` of an answer: granted, and not granted for whatever reason. */
export const resultOk = 0;
export const resultRefused = 1;

/** Milliseconds a service behind has to answer; clients wait 5 to 10 s. */
export const queryMs = 5_000;

/**
 * A request that is answered by asking another service. It sees the effect of everything the connection
 * sent before, and what the connection sends next waits for it. When the service behind does not answer,
 * the client gets no answer either and keeps its connection: it has a timeout of its own.
 * @param answer gives the PDUs that answer the request, none for no answer
 */
export function request<M extends object>(
  { metrics, kit }: Context,
  command: Command<M, never>,
  answer: (connection: Connection, message: M, seqNum: number) => Promise<Buffer[]>,
): Handler {
  const label = commandLabel(command.id);
  const { tracing } = kit;
  const span = { name: `PDU ${label}`, kind: 'server', attributes: { 'teamtalk.command': label } } as const;
  const respond = async (connection: Connection, message: M, seqNum: number) => {
    const stopTimer = metrics.querySeconds.startTimer({ command: label });
    try {
      for (const pdu of await answer(connection, message, seqNum)) connection.write(pdu);
    } catch (error) {
      metrics.queriesFailed.inc({ command: label });
      tracing?.failActive(error);
      kit.log.warn(
        { err: error, command: label, userId: connection.userId },
        'request failed; sending no response',
      );
    } finally {
      stopTimer();
    }
  };
  return (connection, pdu) => {
    if (connection.pendingWrites > 0) return false;
    const message = decodeBody(command, pdu.body);
    connection.begin();
    const work = () => respond(connection, message, pdu.seqNum);
    // What was sent after it is no part of it.
    void (tracing ? tracing.enter(span, work) : work()).finally(() => connection.finish());
    return true;
  };
}
