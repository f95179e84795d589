import { teamtalk, topics } from '@teamtalk/bus';
import { Commands, encodePdu, type IM, type PropertiesOf } from '@teamtalk/protocol';
import type { Connection } from '../../connection/connection.js';
import type { Context } from '../../context.js';

const { PC } = teamtalk.bus.ClientClass;

/** Addresses a client is given at most. */
const maxAddresses = 8;

/** Tells the receiver's PC clients of a file by 0x0508; not the connection that sent it, should he be himself. */
export function notifyOfFile(
  { bus, kit }: Context,
  { id }: Connection,
  notice: PropertiesOf<typeof Commands.FileNotify>,
): void {
  bus.publish(topics.notifyUsers, {
    userIds: [notice.toUserId],
    pdu: encodePdu(Commands.FileNotify, notice, 0),
    clientClass: PC,
    exceptInstance: kit.instance,
    exceptConnection: id,
  });
}

/** Where clients reach the file_servers: a file that waits is found by whichever it asks. */
export function fileServerAddresses({ fileServers }: Context): IM.BaseDefine.IpAddr.$Properties[] {
  const taking = fileServers.all().filter(({ draining }) => !draining);
  return taking.slice(0, maxAddresses).map(({ ip1, port }) => ({ ip: ip1, port }));
}

/** The same, with the one that both sides of a transfer are to try first. */
export function addressesFrom(
  context: Context,
  first: IM.BaseDefine.IpAddr.$Properties,
): IM.BaseDefine.IpAddr.$Properties[] {
  const others = fileServerAddresses(context).filter(
    ({ ip, port }) => ip !== first.ip || port !== first.port,
  );
  return [first, ...others].slice(0, maxAddresses);
}
