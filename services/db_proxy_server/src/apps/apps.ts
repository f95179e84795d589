import { isIP } from 'node:net';
import { appPermissions } from '@teamtalk/rpc/app-permissions';
import { newToken, TeamTalkError } from '@teamtalk/service-kit';
import { type DataSource, QueryFailedError } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { auditedTransaction, setFields } from '../audit/record-event.js';
import { isStorableText } from '../database/text.js';

/** What an app may do, and within which bounds. */
export interface AppBounds {
  permissions: readonly string[];
  /** addresses or CIDR blocks its calls may come from; empty: any */
  addresses: readonly string[];
  /** the only user it may act as; left out: any */
  userId?: number | undefined;
  /** calls a second; left out: any number */
  rate?: number | undefined;
}

export interface NewApp extends AppBounds {
  /** 1 to 64 characters */
  name: string;
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
  /** its key can be allowed again; `revokedAt` is set, too */
  disabled: boolean;
  keySetAt: Date;
  /** to the minute; null: no call is known */
  usedAt: Date | null;
}

/** An app's key. It cannot be recovered: the database has a hash of it, or the signing key. */
export interface IssuedKey {
  result: 'done';
  id: number;
  key: string;
}

/** Why an app was not created or changed. */
export type AppRefusal = 'not-found' | 'name-taken' | 'unknown-user' | 'too-many' | 'wrong-state';

/** Most apps that are not revoked: http_msg_server keeps all of them in memory and uses them as a metric label. */
export const maxApps = 1_000;
const maxAddresses = 100;
const maxNameLength = 64;
const maxRate = 1_000_000;
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
  const outcome = await createApp(dataSource, app, actor);
  if (outcome.result === 'done') return outcome.key;
  const why = {
    'name-taken': `there is, or was, an app ${app.name}`,
    'unknown-user': `there is no user ${app.userId}`,
    'too-many': `there are ${maxApps} apps already`,
  };
  throw new TeamTalkError('invalid-argument', why[outcome.result]);
}

/** Adds an app. @throws TeamTalkError `invalid-argument` when a field is not valid */
export async function createApp(
  dataSource: DataSource,
  app: NewApp,
  actor: Actor,
): Promise<IssuedKey | { result: 'name-taken' | 'unknown-user' | 'too-many' }> {
  const { name, userId, rate, signs } = app;
  if (name === '' || !isStorableText(name, maxNameLength)) {
    throw new TeamTalkError('invalid-argument', `a name has 1 to ${maxNameLength} characters`);
  }
  const { permissions, networks } = checkedBounds(app);
  const { token: key, hash } = newToken();
  try {
    return await auditedTransaction(dataSource, actor, async (manager, record) => {
      const rows: { id: number }[] = await manager.query(
        `INSERT INTO app (name, key_hash, signing_key, permissions, addresses, user_id, rate)
         SELECT $1, $2, $3, $4, array(SELECT network(a::inet) FROM unnest($5::text[]) AS a), $6, $7
         WHERE (SELECT count(*) FROM app WHERE revoked_at IS NULL) < ${maxApps}
         RETURNING id`,
        [
          name,
          signs ? null : hash,
          signs ? Buffer.from(key) : null,
          permissions,
          networks,
          userId ?? null,
          rate ?? null,
        ],
      );
      const [row] = rows;
      if (!row) return { result: 'too-many' };
      const after = setFields({ name, permissions, addresses: networks, userId, rate, signs });
      await record({ verb: 'app.create', resource: `app ${row.id}`, after });
      return { result: 'done', id: row.id, key };
    });
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === uniqueViolation) return { result: 'name-taken' };
    if (code === foreignKeyViolation) return { result: 'unknown-user' };
    throw error;
  }
}

/** @throws TeamTalkError `invalid-argument` naming what is wrong */
export function checkedBounds({ permissions, addresses, rate }: AppBounds): {
  permissions: string[];
  networks: string[];
} {
  const known: readonly string[] = appPermissions;
  if (permissions.length === 0 || !permissions.every((each) => known.includes(each))) {
    throw new TeamTalkError('invalid-argument', `an app can be allowed: ${appPermissions.join(', ')}`);
  }
  if (addresses.length > maxAddresses) {
    throw new TeamTalkError('invalid-argument', `at most ${maxAddresses} addresses`);
  }
  if (rate !== undefined && !(rate > 0 && rate <= maxRate)) {
    throw new TeamTalkError('invalid-argument', `a rate is at most ${maxRate} calls per second`);
  }
  return { permissions: [...new Set(permissions)], networks: addresses.map(networkOf) };
}

/** All apps, including revoked ones, by name. Names of permissions that only versions before know are left out. */
export async function listApps(dataSource: DataSource): Promise<AppSummary[]> {
  const apps: AppSummary[] = await dataSource.query(
    `SELECT id, name, permissions, addresses::text[] AS addresses, user_id AS "userId", rate,
       signing_key IS NOT NULL AS signs, created_at AS "createdAt", revoked_at AS "revokedAt", disabled,
       key_set_at AS "keySetAt", used_at AS "usedAt"
     FROM app ORDER BY name`,
  );
  const known: readonly string[] = appPermissions;
  return apps.map((app) => ({
    ...app,
    permissions: app.permissions.filter((each) => known.includes(each)),
  }));
}

/**
 * Revokes an app's key for good.
 * @param app its name or id
 * @returns whether there was such an app that was not revoked yet
 */
export function revokeApp(
  dataSource: DataSource,
  app: string | number,
  actor: Actor = operator(),
): Promise<boolean> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    // TypeORM returns [rows, count] for an UPDATE.
    const [[revoked]]: [{ id: number; name: string }[]] = await manager.query(
      `UPDATE app SET revoked_at = now(), disabled = false
       WHERE ${typeof app === 'string' ? 'name' : 'id'} = $1 AND (revoked_at IS NULL OR disabled) RETURNING id, name`,
      [app],
    );
    if (!revoked) return false;
    const { id, name } = revoked;
    await record({ verb: 'app.revoke', resource: `app ${id}`, before: { name } });
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
