import { Commands, decodeBody, encodePdu, IM, type Pdu } from '@teamtalk/protocol';
import { ClientError } from '../errors.js';
import type { FileLink, FileLogin } from './file-link.js';

const { CLIENT_FILE_CANCEL } = IM.BaseDefine.ClientFileState;
export const { CLIENT_FILE_PEER_READY, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

type State = IM.BaseDefine.ClientFileState;

/**
 * Interprets a 0x0503.
 * @throws ClientError `file-rejected` when the receiver declined the file; `disconnected` when the other side is gone or
 *   has cancelled. The next login tells the two apart: the server only accepts it while the transfer lasts
 */
export function stateOf(pdu: Pdu): State {
  const { state } = decodeBody(Commands.FileState, pdu.body);
  if (state === CLIENT_FILE_REFUSE) throw new ClientError('file-rejected', 'the receiver declined the file');
  if (state === CLIENT_FILE_CANCEL)
    throw new ClientError('disconnected', 'the other side disconnected or cancelled');
  return state;
}

/** Reports the end of the transfer, and waits until the server has closed. */
export async function tellState(link: FileLink, { userId, taskId }: FileLogin, state: State): Promise<void> {
  await link.send(encodePdu(Commands.FileState, { state, taskId, userId }, 0));
  await link.ended();
}

/** The error for a PDU that is not expected now. */
export function unexpected(pdu: Pdu): ClientError {
  return new ClientError(
    'protocol',
    `the file_server sent 0x0${pdu.commandId.toString(16)}, which is not expected now`,
  );
}

/** Runs `work`; tells the other side if the caller cancels meanwhile. */
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
