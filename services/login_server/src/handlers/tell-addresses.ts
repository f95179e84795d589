import type { teamtalk } from '@teamtalk/bus';
import type { LoginServerConfig } from '../config.js';

/** AddressesQuery: what clients are told besides the msg_server. */
export function tellAddresses({ told }: Pick<LoginServerConfig, 'told'>) {
  return (): teamtalk.bus.Addresses.$Properties => ({
    addresses: told.map(({ variable, value, isDefault }) => ({ variable, value, byDefault: isDefault })),
  });
}
