import { readFileSync } from 'node:fs';
import { TeamTalkClient } from '@teamtalk/client';
import { Commands, DeliveryOrder, decodeBody, isGroupMessageType, type Pdu } from '@teamtalk/protocol';
import type { CanaryConfig } from './config.js';
import type { Receiver } from './ledger.js';
import { parseServer } from './servers.js';

/** A group message as a connection receives it. */
interface Arrival {
  groupId: number;
  msgId: number;
  /** still encrypted */
  data: Uint8Array;
}

/** One login of an account at one msg_server. It does not reconnect, because each connection's deliveries count on their own. */
export class CanaryConnection implements Receiver {
  readonly account: string;
  readonly server: string;
  readonly order = new DeliveryOrder();
  readonly client: TeamTalkClient;
  /** whether another login has displaced it */
  isKicked = false;

  /** @throws ClientError when the login fails, or an error of node:fs when the CA file cannot be read */
  static async open(
    account: string,
    server: string,
    config: Pick<CanaryConfig, 'password' | 'textKey' | 'tls'>,
    onArrival: (connection: CanaryConnection, arrival: Arrival) => void,
  ): Promise<CanaryConnection> {
    const connection = new CanaryConnection(account, server, config, onArrival);
    try {
      await connection.client.login({
        name: account,
        password: config.password,
        clientVersion: 'teamtalk-canary',
      });
      return connection;
    } catch (error) {
      await connection.client.close();
      throw error;
    }
  }

  private constructor(
    account: string,
    server: string,
    { textKey, tls }: Pick<CanaryConfig, 'textKey' | 'tls'>,
    onArrival: (connection: CanaryConnection, arrival: Arrival) => void,
  ) {
    this.account = account;
    this.server = server;
    this.client = new TeamTalkClient({
      ...parseServer(server),
      textKey,
      tls: tls ? tlsOptions(tls) : false,
      reconnect: false,
      receipts: false,
    });
    // Observes PDUs, because the client hides duplicates. The message listener only keeps the client from buffering messages.
    this.client.on('pdu', (pdu) => {
      const arrival = arrivalOf(pdu);
      if (arrival) onArrival(this, arrival);
    });
    this.client.on('message', () => {});
    this.client.on('kicked', () => {
      this.isKicked = true;
    });
  }

  get isOpen(): boolean {
    return this.client.isOnline && !this.client.isEnded;
  }

  get userId(): number {
    return this.client.userId;
  }
}

function tlsOptions({ caFile, serverName }: NonNullable<CanaryConfig['tls']>) {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }),
    ...(serverName !== undefined && { serverName }),
  };
}

function arrivalOf({ commandId, body }: Pdu): Arrival | undefined {
  if (commandId !== Commands.MsgData.id) return undefined;
  const { msgType, toSessionId, msgId, msgData } = decodeBody(Commands.MsgData, body);
  return isGroupMessageType(msgType) ? { groupId: toSessionId, msgId, data: msgData } : undefined;
}
