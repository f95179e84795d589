import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

/** Users of one network that are told: they share what may be uploaded from there. */
const maxUsers = 256;

/** AddressUsersQuery from an msfs at which somebody uploads: the users who are logged in here from that network. */
export function answerAddressUsers({ users, kit }: Context) {
  return ({ network }: teamtalk.bus.AddressUsersQuery): teamtalk.bus.AddressUsers.$Properties => ({
    instance: kit.instance,
    userIds: users.byNetwork.usersAt(network, maxUsers),
  });
}
