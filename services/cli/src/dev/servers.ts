import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Member, members, natsAuthorization } from '@teamtalk/bus';
import { type Grants, readGrants } from '@teamtalk/db_proxy_server';
import { NatsServer, PostgresServer } from '@teamtalk/local-stack';
import { PersistentServer } from './persistent-server.js';

/** The PostgreSQL and the NATS to work with: the given ones, or our own with their data in `.data`. */
export interface Servers {
  /** the owner's of the tables */
  databaseUrl: string;
  /** what other roles get of the database; the first one is db_proxy_server's */
  grants: Grants;
  natsUrl: string;
  /** of each member's user, with the permissions of its own; undefined: NATS is not ours, and has the users it has */
  natsPasswords: Readonly<Record<Member, string>> | undefined;
  /** Those that are ours; NATS first. */
  stop(): Promise<void>;
}

/** PostgreSQL listens on the loopback address, where the owner's password is no secret either. */
const ownRoles: Grants = {
  write: { name: 'teamtalk_db_proxy', password: 'teamtalk' },
  read: { name: 'teamtalk_backup', password: 'teamtalk' },
};

/** After our death by kill -9 the services need a moment to end in order. */
const guardSeconds = 5;

/** @throws Error when one of ours does not start; the other is stopped then */
export async function startServers(
  dataFolder: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Servers> {
  const logFolder = path.join(dataFolder, 'log');
  const postgres = env.DATABASE_URL
    ? undefined
    : await PersistentServer.start(
        'PostgreSQL',
        5432,
        (port) =>
          PostgresServer.start({
            dataDir: path.join(dataFolder, 'postgres'),
            logFile: path.join(logFolder, 'postgres.log'),
            port,
            durable: true,
            guardSeconds,
          }),
        say,
      );
  try {
    const natsPasswords = env.NATS_URL ? undefined : newPasswords();
    const nats = !natsPasswords
      ? undefined
      : await PersistentServer.start(
          'NATS',
          4222,
          (port) =>
            NatsServer.start({
              dir: path.join(dataFolder, 'nats'),
              logFile: path.join(logFolder, 'nats.log'),
              port,
              guardSeconds,
              settings: [
                natsAuthorization(env.NATS_PREFIX || 'teamtalk', (member) => `"${natsPasswords[member]}"`),
              ],
            }),
          say,
        );
    return {
      grants: postgres ? ownRoles : readGrants(env),
      databaseUrl: postgres?.url ?? env.DATABASE_URL!,
      natsUrl: nats?.url ?? env.NATS_URL!,
      natsPasswords,
      stop: async () => {
        await nats?.stop();
        await postgres?.stop();
      },
    };
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
}

/** The database's URL for db_proxy_server, which does not own the tables. */
export function serviceUrl({
  databaseUrl,
  grants: { write },
}: Pick<Servers, 'databaseUrl' | 'grants'>): string {
  // A database that is not ours comes with a role that the environment names.
  if (!write?.password) return databaseUrl;
  const url = new URL(databaseUrl);
  url.username = write.name;
  url.password = encodeURIComponent(write.password);
  return url.toString();
}

function newPasswords(): Record<Member, string> {
  const entries = members.map((member) => [member, randomBytes(24).toString('hex')]);
  return Object.fromEntries(entries) as Record<Member, string>;
}
