import { createHash } from 'node:crypto';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';

interface Login {
  name: string;
  /** in plain */
  password: string;
  clientType: IM.BaseDefine.ClientType;
}

/** The PDU with which a client logs in. */
export function loginFrame({ name, password, clientType }: Login, seqNum = 1): Buffer {
  const request = {
    userName: name,
    password: createHash('md5').update(password).digest('hex'),
    onlineStatus: IM.BaseDefine.UserStatType.USER_STATUS_ONLINE,
    clientType,
    clientVersion: 'test/1.0',
  };
  return encodePdu(Commands.LoginReqUserlogin, request, seqNum);
}
