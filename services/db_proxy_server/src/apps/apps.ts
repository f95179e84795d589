import { isIP } from 'node:net';
import { newToken, TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, QueryFailedError } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction, setFields } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';

/** What a user may do with a client, and may have an app do in their name. */
const userPermissions = ['p2p', 'broadcast', 'group', 'history', 'presence', 'session', 'device'] as const;

/** Administration: an app that has one of these is not held to a user's rights in it. */
const adminPermissions = [
  'users:read',
  'users:write',
  'groups:admin',
  'sessions:admin',
  'devices:admin',
  'bots:admin',
  'discovery:read',
  'discovery:write',
  'statistics',
] as const;

/** Permissions of an app on the HTTP API. */
export const appPermissions: readonly string[] = [...userPermissions, ...adminPermissions];

/**
 * Permissions of an app by default: what the original's API offers.
 * @param bound whether it acts as one user only, whose rights it gets
 */
export function usualPermissions(bound: boolean): string[] {
  return ['p2p', 'broadcast', bound ? 'group' : 'groups:admin'];
}

export interface NewApp {
  /** 1 to 64 characters */
  name: string;
  permissions: readonly string[];
  /** addresses or CIDR blocks its calls may come from; empty: any */
  addresses: readonly string[];
  /** the only user it may act as */
  userId?: number;
  /** calls a second */
  rate?: number;
  /** whether it signs its requests instead of sending its key */
  signs: boolean;
}

export interface AppSummary {
  id: number;
  name: string;
  permissions: string[];
  addresses: string[];
  userId: number | null;
  rate: number | null;
  signs: boolean;
  createdAt: Date;
  revokedAt: Date | null;
}

/** Most apps that are not revoked: http_msg_server keeps all of them in memory and uses them as a metric label. */
const maxApps = 1_000;
const maxAddresses = 100;
const maxNameLength = 64;
const uniqueViolation = '23505';
const foreignKeyViolation = '23503';

/**
 * Adds an app.
 * @returns its key, which cannot be recovered: the database stores a hash. For an app that signs its requests it is the
 * signing key.
 * @throws TeamTalkError `invalid-argument` naming what is wrong
 */
export async function addApp(
  dataSource: DataSource,
  app: NewApp,
  actor: Actor = operator(),
): Promise<string> {
  const { name, permissions, addresses, userId, rate, signs } = app;
  if (name === '' || !isStorableText(name, maxNameLength)) {
    throw new TeamTalkError('invalid-argument', `a name has 1 to ${maxNameLength} characters`);
  }
  const unknown = permissions.find((each) => !appPermissions.includes(each));
  if (unknown !== undefined || permissions.length === 0) {
    throw new TeamTalkError('invalid-argument', `an app can be allowed: ${appPermissions.join(', ')}`);
  }
  if (addresses.length > maxAddresses) {
    throw new TeamTalkError('invalid-argument', `at most ${maxAddresses} addresses`);
  }
  const networks = addresses.map(networkOf);
  const { token: key, hash } = newToken();
  try {
    await auditedTransaction(dataSource, actor, async (manager, record) => {
      const rows: { id: number }[] = await manager.query(
        `INSERT INTO app (name, key_hash, signing_key, permissions, addresses, user_id, rate)
       SELECT $1, $2, $3, $4, array(SELECT network(a::inet) FROM unnest($5::text[]) AS a), $6, $7
       WHERE (SELECT count(*) FROM app WHERE revoked_at IS NULL) < ${maxApps}
       RETURNING id`,
        [
          name,
          signs ? null : hash,
          signs ? Buffer.from(key) : null,
          [...new Set(permissions)],
          networks,
          userId ?? null,
          rate ?? null,
        ],
      );
      const [row] = rows;
      if (!row) throw new TeamTalkError('invalid-argument', `there are ${maxApps} apps already`);
      const after = setFields({ name, permissions, addresses: networks, userId, rate, signs });
      await record({ verb: 'app.create', resource: `app ${row.id}`, after });
    });
    return key;
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === uniqueViolation) {
      throw new TeamTalkError('invalid-argument', `there is, or was, an app ${name}`, { cause: error });
    }
    if (code === foreignKeyViolation) {
      throw new TeamTalkError('invalid-argument', `there is no user ${userId}`, { cause: error });
    }
    throw error;
  }
}

/** All apps, including revoked ones, by name. Names of permissions that only versions before know are left out. */
export async function listApps(dataSource: DataSource): Promise<AppSummary[]> {
  const apps: AppSummary[] = await dataSource.query(
    `SELECT id, name, permissions, addresses::text[] AS addresses, user_id AS "userId", rate,
       signing_key IS NOT NULL AS signs, created_at AS "createdAt", revoked_at AS "revokedAt"
     FROM app ORDER BY name`,
  );
  return apps.map((app) => ({
    ...app,
    permissions: app.permissions.filter((each) => appPermissions.includes(each)),
  }));
}

/** @returns whether there was an app of this name that was not revoked yet */
export function revokeApp(dataSource: DataSource, name: string, actor: Actor = operator()): Promise<boolean> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    // TypeORM returns [rows, count] for an UPDATE.
    const [[app]]: [{ id: number }[]] = await manager.query(
      'UPDATE app SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id',
      [name],
    );
    if (!app) return false;
    await record({ verb: 'app.revoke', resource: `app ${app.id}`, before: { name } });
    return true;
  });
}

/** A single address becomes a network of one; a network stays as it is. */
function networkOf(text: string): string {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (family === 0 || rest.length > 0 || length < 0 || length > bits) {
    throw new TeamTalkError('invalid-argument', `${text} is no address and no network such as 10.0.0.0/8`);
  }
  return `${address}/${length}`;
}
