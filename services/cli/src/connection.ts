import { type ClientOptions, type ServerLocation, TeamTalkClient } from '@teamtalk/client';
import { ClientType } from '@teamtalk/protocol';
import type { Command } from 'commander';
import { hostAndPort, httpUrl, oneOf } from './arguments.js';
import { loginServerUrl } from './installation.js';

/** The options of every command that talks to a msg_server as a user. */
export interface ConnectionOptions {
  as: string;
  password?: string;
  loginServer?: string;
  server?: { host: string; port: number };
  client: ClientTypeNumber;
}

type ClientTypeNumber = (typeof ClientType)[keyof typeof ClientType];

const clientTypes = {
  windows: ClientType.WINDOWS,
  mac: ClientType.MAC,
  ios: ClientType.IOS,
  android: ClientType.ANDROID,
};

/** @param client what to log in as: a second PC, or a second mobile, of one user kicks the first */
export function addConnectionOptions(command: Command, client: keyof typeof clientTypes): Command {
  return command
    .requiredOption('--as <name>', 'the user to log in as')
    .option('--password <password>', 'the password; default: TEAMTALK_PASSWORD, or 123456 as demo users have')
    .option(
      '--login-server <url>',
      'the login_server to ask; default: TEAMTALK_LOGIN_SERVER, the installation that runs here, or http://127.0.0.1:8080',
      httpUrl,
    )
    .option('--server <host:port>', 'the msg_server to dial, without asking a login_server', hostAndPort)
    .option(
      '--client <kind>',
      `windows, mac, ios or android (default: ${client}); of a user one PC and one mobile can be logged in`,
      oneOf(clientTypes),
      clientTypes[client],
    );
}

/** A client logged in as the command line says. The caller closes it. */
export async function logIn(
  options: ConnectionOptions,
  clientOptions: Pick<ClientOptions, 'reconnect'>,
): Promise<TeamTalkClient> {
  const location: ServerLocation = options.server ?? {
    loginServer: options.loginServer ?? loginServerUrl(process.env),
  };
  const client = new TeamTalkClient({ ...location, ...clientOptions });
  const password = options.password ?? (process.env.TEAMTALK_PASSWORD || '123456');
  try {
    await client.login({ name: options.as, password, clientType: options.client });
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}
