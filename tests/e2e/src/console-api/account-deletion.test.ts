import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsoleClient } from './console-client.js';
import { ConsoleStand } from './console-stand.js';

let stand: ConsoleStand;
let owner: ConsoleClient;
beforeAll(async () => {
  stand = await ConsoleStand.start();
  owner = await stand.member('owner', 'first');
});
afterAll(() => stand?.cluster.stop());

async function idOf(name: string): Promise<number> {
  const [row] = await stand.cluster.sql<{ id: number }>('SELECT id FROM console_account WHERE name = $1', [
    name,
  ]);
  return row?.id ?? 0;
}

/** @returns the status and the code of the problem */
async function deleted(by: ConsoleClient, name: string): Promise<[number, string | undefined]> {
  const { status, body } = await by.call('deleteAccount', { params: { account_id: await idOf(name) } });
  return [status, body?.code];
}

it('ends the sessions of the account, whose name the audit keeps and another account may get', async () => {
  const gone = await stand.member('administrator', 'gone');
  expect((await gone.call('getSession')).status).toBe(200);
  expect(await deleted(owner, 'gone')).toEqual([204, undefined]);
  expect((await gone.call('getSession')).status).toBe(401);
  const { events } = await owner.done('listAuditEvents', { query: { verb: 'account.delete' } });
  expect(events).toMatchObject([{ actor: 'console first', before: { name: 'gone', role: 'administrator' } }]);
  const again = await stand.member('viewer', 'gone');
  expect((await again.done('getSession')).role).toBe('viewer');
  expect((await owner.done('verifyAudit')).intact).toBe(true);
});

it('protects one’s own account and the last owner who can log in', async () => {
  const refused = [409, 'last-owner-or-own-account'];
  expect(await deleted(owner, 'first')).toEqual(refused);
  // An owner who has not chosen a password yet cannot log in.
  const second = await stand.member('owner', 'second');
  await stand.cluster.sql(`UPDATE console_account SET password_hash = NULL WHERE name = 'second'`);
  expect(await deleted(second, 'first')).toEqual(refused);
  await stand.cluster.sql(`UPDATE console_account SET password_hash = 'x' WHERE name = 'second'`);
  expect(await deleted(second, 'first')).toEqual([204, undefined]);
});

it('is for owners only', async () => {
  await stand.invite('somebody', 'viewer');
  const administrator = await stand.member('administrator');
  expect(await deleted(administrator, 'somebody')).toEqual([403, undefined]);
});
