import { Commands, decodeBody, encodePdu, IM, type Pdu } from '@teamtalk/protocol';
import { ClientError } from '../errors.js';
import type { FileLink, FileLogin } from './file-link.js';

const { CLIENT_FILE_CANCEL } = IM.BaseDefine.ClientFileState;
export const { CLIENT_FILE_PEER_READY, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

type State = IM.BaseDefine.ClientFileState;

/**
 * What a 0x0503 says.
 * @throws ClientError `file-rejected` when the receiver does not want the file; `disconnected` when the other
 *   side is gone or has cancelled, which shows at the next login: only a transfer that is not over takes it
 */
export function stateOf(pdu: Pdu): State {
  const { state } = decodeBody(Commands.FileState, pdu.body);
  if (state === CLIENT_FILE_REFUSE)
    throw new ClientError('file-rejected', 'the receiver does not want the file');
  if (state === CLIENT_FILE_CANCEL)
    throw new ClientError('disconnected', 'the other side has gone, or cancelled');
  return state;
}

/** Says that the transfer is over, and waits until the server has closed. */
export async function tellState(link: FileLink, { userId, taskId }: FileLogin, state: State): Promise<void> {
  await link.send(encodePdu(Commands.FileState, { state, taskId, userId }, 0));
  await link.ended();
}

/** The protocol's error for a PDU that has no place in the dialogue. */
export function unexpected(pdu: Pdu): ClientError {
  return new ClientError('protocol', `the file_server sent 0x0${pdu.commandId.toString(16)}, out of place`);
}

/** Runs `work`; when the caller has given up meanwhile the other side is told. */
export async function orCancel<T>(
  link: FileLink,
  login: FileLogin,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    if (signal.aborted) await tellState(link, login, CLIENT_FILE_CANCEL).catch(() => {});
    await link.close();
  }
}
