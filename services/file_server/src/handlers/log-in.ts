import { Commands, decodeBody, encodePdu, type Pdu } from '@teamtalk/protocol';

const refused = 1;

/**
 * Command 0x0501, answered with 0x0502 (protocol notes, section 8). Transfers are not carried out yet: every
 * login is refused, that of a task's sender or receiver too.
 * @throws BodyError when the body does not parse
 */
export function logIn({ body, seqNum }: Pdu): Buffer {
  const { taskId } = decodeBody(Commands.FileLoginReq, body);
  return encodePdu(Commands.FileLoginRes, { resultCode: refused, taskId }, seqNum);
}
