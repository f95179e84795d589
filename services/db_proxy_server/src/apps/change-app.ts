import { newToken } from '@teamtalk/service-kit';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import type { Actor } from '../actor.js';
import { auditedTransaction } from '../audit/record-event.js';
import { isStorableId } from '../database/ids.js';
import { type AppBounds, type AppRefusal, checkedBounds, type IssuedKey, maxApps } from './apps.js';

interface LockedApp {
  name: string;
  permissions: string[];
  addresses: string[];
  userId: number | null;
  rate: number | null;
  disabled: boolean;
  revoked: boolean;
}

export type AppOutcome = 'done' | AppRefusal;

const foreignKeyViolation = '23503';

/** Replaces what an app may do. @throws TeamTalkError `invalid-argument` naming what is wrong */
export async function changeApp(
  dataSource: DataSource,
  id: number,
  bounds: AppBounds,
  actor: Actor,
): Promise<AppOutcome> {
  const { permissions, networks } = checkedBounds(bounds);
  const [userId, rate] = [bounds.userId ?? null, bounds.rate ?? null];
  if (!isStorableId(id)) return 'not-found';
  try {
    return await auditedTransaction(dataSource, actor, async (manager, record) => {
      const before = await lockApp(manager, id);
      if (!before) return 'not-found';
      const [[after]]: [LockedApp[]] = await manager.query(
        `UPDATE app SET permissions = $2, addresses = array(SELECT network(a::inet) FROM unnest($3::text[]) AS a),
           user_id = $4, rate = $5
         WHERE id = $1 RETURNING permissions, addresses::text[] AS addresses, user_id AS "userId", rate`,
        [id, permissions, networks, userId, rate],
      );
      const names = (['permissions', 'addresses', 'userId', 'rate'] as const).filter(
        (name) => JSON.stringify(before[name]) !== JSON.stringify(after?.[name]),
      );
      if (names.length === 0) return 'done';
      const pick = (of: LockedApp | undefined) => Object.fromEntries(names.map((name) => [name, of?.[name]]));
      await record({
        verb: 'app.change',
        resource: `app ${id}`,
        before: { name: before.name, ...pick(before) },
        after: pick(after),
      });
      return 'done';
    });
  } catch (error) {
    const code = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (code === foreignKeyViolation) return 'unknown-user';
    throw error;
  }
}

/** Gives an app a new key; the previous one stops working. A revoked app can call again. */
export async function renewAppKey(
  dataSource: DataSource,
  id: number,
  actor: Actor,
): Promise<IssuedKey | { result: 'not-found' | 'too-many' }> {
  if (!isStorableId(id)) return { result: 'not-found' };
  const { token: key, hash } = newToken();
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const app = await lockApp(manager, id);
    if (!app) return { result: 'not-found' };
    if (app.revoked && !app.disabled && !(await hasRoom(manager))) return { result: 'too-many' };
    await manager.query(
      `UPDATE app SET key_hash = CASE WHEN signing_key IS NULL THEN $2::bytea END,
         signing_key = CASE WHEN signing_key IS NOT NULL THEN $3::bytea END,
         revoked_at = CASE WHEN disabled THEN revoked_at END, key_set_at = now()
       WHERE id = $1`,
      [id, hash, Buffer.from(key)],
    );
    await record({ verb: 'app.key', resource: `app ${id}`, after: { name: app.name, key: 'set' } });
    return { result: 'done', id, key };
  });
}

/** Refuses an app's calls for a while, or accepts them again. `wrong-state`: it is revoked. */
export async function setAppDisabled(
  dataSource: DataSource,
  id: number,
  disabled: boolean,
  actor: Actor,
): Promise<AppOutcome> {
  if (!isStorableId(id)) return 'not-found';
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const app = await lockApp(manager, id);
    if (!app) return 'not-found';
    if (app.revoked && !app.disabled) return 'wrong-state';
    if (app.disabled === disabled) return 'done';
    if (!disabled && !(await hasRoom(manager))) return 'too-many';
    await manager.query(
      'UPDATE app SET disabled = $2, revoked_at = CASE WHEN $2 THEN now() END WHERE id = $1',
      [id, disabled],
    );
    const resource = `app ${id}`;
    const fields = { name: app.name };
    if (disabled) await record({ verb: 'app.disable', resource, before: fields });
    else await record({ verb: 'app.enable', resource, after: fields });
    return 'done';
  });
}

/** Deletes an app that is revoked or disabled, whose name is free again. `wrong-state`: it still can call. */
export async function deleteApp(dataSource: DataSource, id: number, actor: Actor): Promise<AppOutcome> {
  if (!isStorableId(id)) return 'not-found';
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const app = await lockApp(manager, id);
    if (!app) return 'not-found';
    if (!app.revoked) return 'wrong-state';
    await manager.query('DELETE FROM app_nonce WHERE app_id = $1', [id]);
    await manager.query('DELETE FROM app WHERE id = $1', [id]);
    const { name, permissions } = app;
    await record({ verb: 'app.delete', resource: `app ${id}`, before: { name, permissions } });
    return 'done';
  });
}

async function lockApp(manager: EntityManager, id: number): Promise<LockedApp | undefined> {
  const rows: LockedApp[] = await manager.query(
    `SELECT name, permissions, addresses::text[] AS addresses, user_id AS "userId", rate, disabled,
       revoked_at IS NOT NULL AS revoked
     FROM app WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0];
}

/** Whether one more app may call. Changes of apps come one after the other, so that it stays true. */
async function hasRoom(manager: EntityManager): Promise<boolean> {
  const [row]: { room: boolean }[] = await manager.query(
    `SELECT count(*) < ${maxApps} AS room FROM app WHERE revoked_at IS NULL`,
  );
  return row?.room ?? false;
}
