import { Commands, decodeBody, encodePdu, type Pdu } from '@teamtalk/protocol';

const refused = 1;

/**
 * Command 0x0501, answered with 0x0502 (protocol notes, section 8). There are no tasks yet, so nobody can
 * belong to one: every login is refused.
 * @throws BodyError when the body does not parse
 */
export function logIn({ body, seqNum }: Pdu): Buffer {
  const { taskId } = decodeBody(Commands.FileLoginReq, body);
  return encodePdu(Commands.FileLoginRes, { resultCode: refused, taskId }, seqNum);
}
