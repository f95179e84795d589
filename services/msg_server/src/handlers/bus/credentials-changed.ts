import type { teamtalk } from '@teamtalk/bus';
import { IM } from '@teamtalk/protocol';
import type { Context } from '../../context.js';
import { kick } from './kick-user.js';

const { KICK_REASON_DUPLICATE_USER } = IM.BaseDefine.KickReasonType;

/** CredentialsChanged: ends all connections of a user, and refuses the logins that are being checked. */
export function credentialsChanged({
  users,
  changedCredentials,
}: Pick<Context, 'users' | 'changedCredentials'>) {
  return ({ userId }: teamtalk.bus.CredentialsChanged.$Properties): void => {
    changedCredentials.note(userId ?? 0);
    for (const connection of [...users.connectionsOf(userId ?? 0)])
      kick(connection, KICK_REASON_DUPLICATE_USER);
  };
}
