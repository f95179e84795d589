import { Commands, decodeBody, type PduFrame } from '@teamtalk/protocol';
import type { Connection } from '../connection/connection.js';
import type { Participant } from '../transfers/participant.js';
import { pullErrors, refusePull } from '../transfers/pulls.js';

/** Handles one PDU of a logged-in connection. @throws BodyError when the body does not parse */
export type TransferHandler = (connection: Connection, participant: Participant, pdu: PduFrame) => void;

/** 0x0503: the client is done, cancels or refuses. The user id in it is replaced by that of the login. */
export const takeState: TransferHandler = (connection, participant, { body }) => {
  const { taskId, state } = decodeBody(Commands.FileState, body);
  if (taskId === connection.taskId) participant.onState(state);
  else connection.end('wrong_task');
};

/** 0x0504: the client requests a block; refused with a 0x0505 that has a `result_code` and no data. */
export const pullData: TransferHandler = (connection, participant, { body, seqNum }) => {
  const request = decodeBody(Commands.FilePullDataReq, body);
  if (request.taskId === connection.taskId) participant.onPull(request, seqNum);
  else refusePull(connection, request, seqNum, pullErrors.wrongTask, 'wrong_task');
};

/** 0x0505: the client sends a requested block. */
export const takeData: TransferHandler = (connection, participant, { body, frame }) => {
  const reply = decodeBody(Commands.FilePullDataRsp, body);
  if (reply.taskId === connection.taskId) participant.onData(reply, frame);
  else connection.end('wrong_task');
};
