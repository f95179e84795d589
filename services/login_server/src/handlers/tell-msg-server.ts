import { Commands, encodePdu, IM, type Pdu } from '@teamtalk/protocol';
import type { Context } from '../context.js';

const codes = {
  ok: IM.BaseDefine.ResultType.REFUSE_REASON_NONE,
  none: IM.BaseDefine.ResultType.REFUSE_REASON_NO_MSG_SERVER,
  full: IM.BaseDefine.ResultType.REFUSE_REASON_MSG_SERVER_FULL,
} as const;

/** Command 0x0101 over TCP: answered with 0x0102 (client-behaviour.md#the-answer-of-login_server). */
export function tellMsgServer({ directory, countAnswer }: Context, { seqNum }: Pdu): Buffer {
  const choice = directory.choose();
  countAnswer('tcp', choice.result);
  return encodePdu(
    Commands.LoginResMsgserver,
    {
      resultCode: codes[choice.result],
      ...(choice.result === 'ok' && {
        priorIp: choice.server.ip1,
        backipIp: choice.server.ip2 || choice.server.ip1,
        port: choice.server.port,
      }),
    },
    seqNum,
  );
}
