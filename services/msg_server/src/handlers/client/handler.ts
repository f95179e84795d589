import { type Command, decodeBody, type ListField, limitList, type Pdu } from '@teamtalk/protocol';
import { costs } from '../../backpressure/request-costs.js';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';
import { commandLabel } from '../../metrics.js';

/**
 * Handles one PDU of a connection.
 * @returns false when it has to wait; the same PDU is passed again at the connection's next `advance`
 * @throws BodyError when the body does not match the command
 */
export type Handler = (connection: Connection, pdu: Pdu) => boolean;

/** `result_code` of a response: success, and refusal for any reason. */
export const resultOk = 0;
export const resultRefused = 1;

/** Milliseconds another service has to respond; clients wait 5 to 10 s. */
export const queryMs = 5_000;

interface RequestOptions<M> {
  /** The request's list and how many of its entries are decoded at most; further ones are skipped. */
  list?: ListField & { max: number };
  /** Cost of a byte of the response, when it is not `costs.responseByte`. */
  responseByte?: (message: M) => number;
}

/**
 * A handler that responds by calling another service. It runs after the connection's earlier messages have their
 * results, and the connection's later PDUs wait for it. When the call fails, the client gets no response but keeps its
 * connection, since it has a timeout of its own.
 * @param answer returns the response PDUs, possibly none
 */
export function request<M extends object>(
  { metrics, kit, requestPace }: Context,
  command: Command<M, never>,
  answer: (connection: Connection, message: M, seqNum: number) => Promise<Buffer[]>,
  { list, responseByte = () => costs.responseByte }: RequestOptions<M> = {},
): Handler {
  const label = commandLabel(command.id);
  const { tracing } = kit;
  const span = { name: `PDU ${label}`, kind: 'server', attributes: { 'teamtalk.command': label } } as const;
  const respond = async (connection: Connection, message: M, seqNum: number) => {
    const stopTimer = metrics.querySeconds.startTimer({ command: label });
    try {
      let bytes = 0;
      for (const pdu of await answer(connection, message, seqNum)) {
        connection.write(pdu);
        bytes += pdu.length;
      }
      requestPace.charge(connection.userId, bytes * responseByte(message), performance.now());
    } catch (error) {
      metrics.queriesFailed.inc({ command: label });
      tracing?.failActive(error);
      kit.clientLog.warn(
        connection.remoteAddress,
        { err: error, command: label, userId: connection.userId },
        'request failed; sending no response',
      );
    } finally {
      stopTimer();
    }
  };
  return (connection, pdu) => {
    if (connection.pendingWrites > 0) return false;
    const message = decodeBody(command, list ? limitList(pdu.body, list, list.max) : pdu.body);
    connection.begin();
    const work = () => respond(connection, message, pdu.seqNum);
    // `finish`, which handles later PDUs, runs outside the span.
    void (tracing ? tracing.enter(span, work) : work()).finally(() => connection.finish());
    return true;
  };
}
