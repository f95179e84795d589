import type { ClientOptions, ServerLocation, TeamTalkClient } from '@teamtalk/client';
import type { Command } from 'commander';
import { choice, hostAndPort, httpUrl } from './arguments.js';
import { loginServerUrl } from './installation.js';

/** The options of every command that talks to a msg_server as a user. */
export interface ConnectionOptions {
  as: string;
  password?: string;
  loginServer?: string;
  server?: { host: string; port: number };
  client: ClientKind;
}

export type ClientKind = 'windows' | 'mac' | 'ios' | 'android';

export const clientKinds: readonly ClientKind[] = ['windows', 'mac', 'ios', 'android'];

/** @param client what to log in as: a second PC, or a second mobile, of one user kicks the first */
export function addConnectionOptions(command: Command, client: ClientKind): Command {
  return command
    .requiredOption('--as <name>', 'the user to log in as')
    .option('--password <password>', 'the password; default: TEAMTALK_PASSWORD, or 123456 as demo users have')
    .option(
      '--login-server <url>',
      'the login_server to ask; default: TEAMTALK_LOGIN_SERVER, the installation that runs here, or http://127.0.0.1:8080',
      httpUrl,
    )
    .option('--server <host:port>', 'the msg_server to dial, without asking a login_server', hostAndPort)
    .addOption(
      choice(
        '--client <kind>',
        'windows, mac, ios or android; a user can be logged in on one PC and one mobile',
        clientKinds,
        client,
      ),
    );
}

/** The number of a kind of client in the protocol. */
export async function clientTypeOf(kind: ClientKind): Promise<number> {
  const { ClientType } = await import('@teamtalk/protocol');
  const { WINDOWS, MAC, IOS, ANDROID } = ClientType;
  return { windows: WINDOWS, mac: MAC, ios: IOS, android: ANDROID }[kind];
}

/** A client logged in as the command line says. The caller closes it. */
export async function logIn(
  options: ConnectionOptions,
  clientOptions: Pick<ClientOptions, 'reconnect'>,
): Promise<TeamTalkClient> {
  const location: ServerLocation = options.server ?? {
    loginServer: options.loginServer ?? loginServerUrl(process.env),
  };
  const { TeamTalkClient } = await import('@teamtalk/client');
  const client = new TeamTalkClient({ ...location, ...clientOptions });
  const password = options.password ?? (process.env.TEAMTALK_PASSWORD || '123456');
  try {
    await client.login({ name: options.as, password, clientType: await clientTypeOf(options.client) });
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
