import type { TeamTalkClient } from '@teamtalk/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsoleClient } from './console-client.js';
import { ConsoleStand } from './console-stand.js';

/** The longest time from the call that makes a batch of users leave until all are disconnected, milliseconds. */
const cutOffMs = 2_000;

let stand: ConsoleStand;
let console: ConsoleClient;
beforeAll(async () => {
  stand = await ConsoleStand.start();
  console = await stand.member('administrator');
});
afterAll(() => stand?.cluster.stop());

const kickOf = (client: TeamTalkClient) =>
  new Promise<number>((resolve) => client.once('kicked', () => resolve(performance.now())));

/** Repeats a call until nothing is left to do. @returns the bulk change, and the calls it took */
async function untilOver(id: 'runUserImport' | 'undoUserImport', importId: number) {
  for (let calls = 1; ; calls++) {
    const shown = await console.done(id, { params: { import_id: importId } });
    if (!['running', 'undoing'].includes(shown.state)) return { shown, calls };
  }
}

async function choose(
  action: object,
  users: object,
): Promise<{ import_id: number; [name: string]: unknown }> {
  return console.done('chooseUsers', { body: { action, users } });
}

const rowsOf = async (importId: number) =>
  (await console.done('listUserImportRows', { params: { import_id: importId }, query: { limit: '1000' } }))
    .rows;

async function userEvents(importId: number): Promise<{ resource: string; before: object; after: object }[]> {
  return stand.cluster.sql(
    `SELECT resource, before, after FROM audit_event WHERE verb = 'user.change' AND after->>'import' = $1 ORDER BY id`,
    [String(importId)],
  );
}

it('moves chosen users, one event each, and moves them back unless somebody has moved them since', async () => {
  const ids = await stand.cluster.addUsers(['mia', 'max', 'moe']);
  const department = await stand.department();
  await stand.cluster.sql('UPDATE im_user SET department_id = $1 WHERE id = $2', [department, ids.moe]);
  const action = { kind: 'move', department_id: department };
  const { import_id: id, ...shown } = await choose(action, { by: 'ids', user_ids: Object.values(ids) });
  expect(shown).toMatchObject({ kind: 'move', state: 'checked', rows: 3, changes: 2, same: 1, done: 0 });
  expect(
    (await rowsOf(id)).map(({ name, outcome }: { name: string; outcome: string }) => [name, outcome]),
  ).toEqual([
    ['mia', 'change'],
    ['max', 'change'],
    ['moe', 'same'],
  ]);
  expect(await userEvents(id)).toEqual([]);

  // Renamed after they were chosen: still the same person.
  await stand.cluster.sql('UPDATE im_user SET name = $2 WHERE id = $1', [ids.mia, 'mia2']);
  await untilOver('runUserImport', id);
  const departments = () =>
    stand.cluster.sql('SELECT name, department_id FROM im_user WHERE id = ANY ($1::int4[]) ORDER BY id', [
      Object.values(ids),
    ]);
  expect(await departments()).toEqual(
    ['mia2', 'max', 'moe'].map((name) => ({ name, department_id: department })),
  );
  expect(await userEvents(id)).toEqual(
    [ids.mia, ids.max].map((user) => ({
      resource: `user ${user}`,
      before: { departmentId: 0 },
      after: { departmentId: department, import: id },
    })),
  );

  await stand.cluster.sql('UPDATE im_user SET department_id = 77 WHERE id = $1', [ids.max]);
  const { shown: undone } = await untilOver('undoUserImport', id);
  expect(undone).toMatchObject({ state: 'undone', undone: 2, kept: 1 });
  expect(await departments()).toEqual([
    { name: 'mia2', department_id: 0 },
    { name: 'max', department_id: 77 },
    { name: 'moe', department_id: department },
  ]);
});

it('disconnects each batch of leavers at once, hands their groups over, and undoes both', async () => {
  const { cluster } = stand;
  const names = Array.from({ length: 620 }, (_, at) => `leaver${at}`);
  const ids = await cluster.addUsers([...names, 'stays']);
  const [first, second] = [await cluster.connect('leaver0'), await cluster.connect('leaver499')];
  const lastKicked = kickOf(await cluster.connect('leaver619'));
  const stays = await cluster.connect('stays');
  const told: string[] = [];
  const { group_id: groupId } = await console.done('createGroup', {
    body: {
      name: 'team',
      creator_id: ids.leaver0,
      member_ids: [ids.leaver0, ids.leaver1, ids.stays],
    },
  });
  stays.on('group', ({ change, userIds }) => told.push(`${change} ${userIds.join()}`));

  const action = { kind: 'leave', keep_groups: false, successor_id: null };
  const { import_id: id, ...shown } = await choose(action, { by: 'filter', text: 'leaver' });
  expect(shown).toMatchObject({ kind: 'leave', state: 'checked', rows: 620, leaves: 620, done: 0 });

  const begun = performance.now();
  const kicked = Promise.all([first, second].map(kickOf));
  const params = { import_id: id };
  const afterOne = await console.done('runUserImport', { params });
  const took = Math.max(...(await kicked)) - begun;
  process.stdout.write(`bulk leavers: 500 cut off after ${took.toFixed(0)} ms\n`);
  expect(took).toBeLessThanOrEqual(cutOffMs);
  expect(afterOne).toMatchObject({ state: 'running', done: 500, pending: 500 });
  await expect(cluster.connect('leaver0')).rejects.toThrow();
  const { shown: over } = await untilOver('runUserImport', id);
  await lastKicked;
  expect(over).toMatchObject({ state: 'done', done: 620, pending: 0 });
  await expect
    .poll(() => told, { timeout: 5_000 })
    .toEqual([`removed ${ids.leaver0}`, `removed ${ids.leaver1}`]);
  expect(await stays.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.stays }]);
  expect(await userEvents(id)).toHaveLength(620);

  const { shown: undone } = await untilOver('undoUserImport', id);
  expect(undone).toMatchObject({ state: 'undone', undone: 620, kept: 0, pending: 0 });
  expect(await stays.groups.info([groupId])).toMatchObject([{ groupCreatorId: ids.leaver0 }]);
  await (await cluster.connect('leaver0')).close();
});

it('continues a batch whose connections were not ended before the server stopped', async () => {
  const { cluster } = stand;
  const ids = await cluster.addUsers(['cut']);
  const action = { kind: 'leave', keep_groups: true, successor_id: null };
  const { import_id: id } = await choose(action, { by: 'ids', user_ids: [ids.cut] });
  const cut = await cluster.connect('cut');
  // As it is after a batch was stored and admin_server stopped.
  await cluster.sql('UPDATE im_user SET status = 3 WHERE id = $1', [ids.cut]);
  await cluster.sql('UPDATE user_import_row SET state = 1, to_do = 1 WHERE import_id = $1', [id]);
  await cluster.sql('UPDATE user_import SET begun_at = now(), done = 1, pending = 1 WHERE id = $1', [id]);
  const kicked = kickOf(cut);
  const { shown } = await untilOver('runUserImport', id);
  await kicked;
  expect(shown).toMatchObject({ state: 'done', pending: 0 });
});

it('refuses a change of nobody, to nowhere, or with a successor who leaves as well', async () => {
  const ids = await stand.cluster.addUsers(['ned', 'nia']);
  const refusal = async (action: object, users: object) =>
    (await console.call('chooseUsers', { body: { action, users } })).body.code;
  const ned = { by: 'ids', user_ids: [ids.ned] };
  const move = { kind: 'move', department_id: null };
  expect(await refusal(move, { by: 'filter', text: 'no such user' })).toBe('nobody-chosen');
  expect(await refusal({ kind: 'move', department_id: 999_999 }, ned)).toBe('wrong-department');
  const leave = { kind: 'leave', keep_groups: false, successor_id: ids.ned };
  expect(await refusal(leave, ned)).toBe('successor-unknown');
});
