import { randomBytes } from 'node:crypto';
import { consoleHeader } from '@teamtalk/admin_server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConsoleStand, consolePassword } from './console-stand.js';

let stand: ConsoleStand;
beforeAll(async () => {
  stand = await ConsoleStand.start({ WRITES_PER_SECOND: '5' });
});
afterAll(() => stand.cluster.stop());

const refused = (kind: string) => expect.objectContaining({ type: `urn:teamtalk:problem:${kind}` });

/** A statement that makes a session older. */
const aged = (column: string, interval: string) =>
  stand.cluster.sql(`UPDATE console_session SET ${column} = now() - $1::interval`, [interval]);

it('a setup token works once, for a day, and only the newest one', async () => {
  const first = await stand.invite('setup', 'viewer');
  const token = await stand.invite('setup');
  const setUp = (used: string) =>
    stand.client().call('setUp', { body: { token: used, password: consolePassword } });
  expect((await setUp(first)).body).toEqual(refused('wrong-login'));
  expect((await setUp('x'.repeat(43))).body).toEqual(refused('wrong-login'));
  expect(await setUp(token)).toMatchObject({ status: 200, body: { name: 'setup', role: 'viewer' } });
  expect((await setUp(token)).body).toEqual(refused('wrong-login'));
  const late = await stand.invite('setup');
  await stand.cluster.sql(`UPDATE console_account SET setup_expires_at = now()`);
  expect((await setUp(late)).body).toEqual(refused('wrong-login'));
});

it('refuses a short password', async () => {
  const token = await stand.invite('short', 'viewer');
  const { status } = await stand.client().call('setUp', { body: { token, password: 'eleven char' } });
  expect(status).toBe(400);
});

it('every login creates a new session, in a cookie that scripts and other sites cannot read', async () => {
  await stand.member('viewer', 'fixed');
  const client = stand.client();
  const planted = `teamtalk-console=${'a'.repeat(43)}`;
  client.cookie = planted;
  const { headers } = await client.call('logIn', { body: { name: 'fixed', password: consolePassword } });
  expect(headers.getSetCookie()[0]).toMatch(
    /^teamtalk-console=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  expect(client.cookie).not.toBe(planted);
  const { cookie } = client;
  await client.done('logIn', { body: { name: 'fixed', password: consolePassword } });
  expect(client.cookie).not.toBe(cookie);
  const stranger = stand.client();
  stranger.cookie = planted;
  expect((await stranger.call('getSession')).status).toBe(401);
});

it('only the hash of a session’s token is stored', async () => {
  const client = await stand.member('viewer');
  const token = client.cookie.split('=')[1] ?? '';
  expect(token).toMatch(/^[\w-]{43}$/);
  const rows = await stand.cluster.sql<{ all: string }>(
    `SELECT string_agg(row_to_json(s)::text, ' ') AS all FROM console_session s`,
  );
  expect(rows[0]?.all).not.toContain(token);
});

it.each([
  ['8 hours after the login', 'created_at', '7 hours 58 minutes', '8 hours'],
  ['after 30 minutes without a call', 'seen_at', '28 minutes', '30 minutes'],
])('a session ends %s', async (_, column, before, after) => {
  const client = await stand.member('viewer');
  await aged(column, before);
  expect((await client.call('getSession')).status).toBe(200);
  await aged(column, after);
  expect((await client.call('getSession')).status).toBe(401);
});

it('a call extends a session that was about to expire from inactivity', async () => {
  const client = await stand.member('viewer');
  await aged('seen_at', '28 minutes');
  await client.done('getSession');
  const rows = await stand.cluster.sql<{ fresh: boolean }>(
    `SELECT bool_or(seen_at > now() - interval '1 minute') AS fresh FROM console_session`,
  );
  expect(rows[0]?.fresh).toBe(true);
});

it('a change is accepted only from the console’s own origin, with its header', async () => {
  const client = await stand.member('administrator');
  const origin = stand.cluster.url('admin_server');
  const body = { name: 'from elsewhere' };
  for (const headers of [
    {},
    { [consoleHeader]: '1' },
    { origin },
    { origin: 'https://evil.example', [consoleHeader]: '1' },
    { origin: 'null', [consoleHeader]: '1' },
    { origin: `${origin}0`, [consoleHeader]: '1' },
  ] as Record<string, string>[]) {
    const answer = await client.call('createDepartment', { body, headers });
    expect(answer.body, JSON.stringify(headers)).toEqual(refused('wrong-origin'));
  }
  const logIn = { name: 'x', password: 'x' };
  expect((await client.call('logIn', { body: logIn, headers: {} })).status).toBe(403);
  const { departments } = await client.done('listDepartments');
  expect(departments).toEqual([]);
});

it('an account cannot see or end the sessions of another', async () => {
  const [ann, ben] = [await stand.member('viewer'), await stand.member('viewer')];
  const { sessions } = await ann.done('listOwnSessions');
  expect(sessions).toHaveLength(1);
  const id = sessions[0].session_id;
  expect((await ben.call('endOwnSession', { params: { session_id: id } })).status).toBe(404);
  expect((await ben.done('listOwnSessions')).sessions[0].session_id).not.toBe(id);
  expect((await ann.call('getSession')).status).toBe(200);
});

it('a logout ends the session, not only the cookie', async () => {
  const client = await stand.member('viewer');
  const { cookie } = client;
  await client.done('logOut');
  expect(client.cookie).toBe('');
  client.cookie = cookie;
  expect((await client.call('getSession')).status).toBe(401);
});

it('a request without a cookie does not clear it: browsers follow links from other sites without it', async () => {
  const client = await stand.member('viewer');
  const followed = await stand.client().call('getSession', { headers: {} });
  expect(followed.status).toBe(401);
  expect(followed.headers.getSetCookie()).toEqual([]);
  await aged('seen_at', '30 minutes');
  const ended = await client.call('getSession');
  expect(ended.headers.getSetCookie()[0]).toMatch(/^teamtalk-console=;/);
});

it('a changed password ends the other sessions, and the old one no longer works', async () => {
  const name = 'changes password';
  const client = await stand.member('viewer', name);
  const other = stand.client();
  await other.done('logIn', { body: { name, password: consolePassword } });
  const link = await stand.invite(name);
  const password = 'another long password';
  const wrong = await client.call('changeOwnPassword', { body: { current: 'wrong', password } });
  expect(wrong.body).toEqual(refused('wrong-login'));
  await client.done('changeOwnPassword', { body: { current: consolePassword, password } });
  expect((await other.call('getSession')).status).toBe(401);
  expect((await client.call('getSession')).status).toBe(200);
  const old = await other.call('logIn', { body: { name, password: consolePassword } });
  expect(old.body).toEqual(refused('wrong-login'));
  await other.done('logIn', { body: { name, password } });
  // A password change also revokes unused links, which would be another way in.
  const byLink = await stand.client().call('setUp', { body: { token: link, password: consolePassword } });
  expect(byLink.body).toEqual(refused('wrong-login'));
});

it('a disabled account loses access at once; the last owner cannot be disabled or demoted', async () => {
  await stand.cluster.sql(`DELETE FROM console_session`);
  await stand.cluster.sql(`DELETE FROM console_account`);
  const owner = await stand.member('owner', 'boss');
  const help = await stand.member('help_desk', 'help');
  const { accounts } = await owner.done('listAccounts');
  const idOf = (name: string) => accounts.find((each: { name: string }) => each.name === name).account_id;
  const change = (name: string, body: object) =>
    owner.call('changeAccount', { params: { account_id: idOf(name) }, body });
  expect((await change('help', { disabled: true })).status).toBe(204);
  expect((await help.call('getSession')).status).toBe(401);
  const logIn = { body: { name: 'help', password: consolePassword } };
  expect((await help.call('logIn', logIn)).body).toEqual(refused('wrong-login'));
  for (const body of [{ disabled: true }, { role: 'viewer' }]) {
    expect((await change('boss', body)).body).toEqual(refused('conflict'));
  }
  const second = await stand.member('owner', 'second');
  expect((await change('boss', { role: 'viewer' })).status).toBe(204);
  expect(await second.done('listAccounts')).toBeDefined();
  // A new role applies at once, even to an open session.
  expect((await owner.call('listAccounts')).status).toBe(403);
});

it('too many failed logins lock a name out, until a new link is used', async () => {
  const name = 'locked';
  await stand.member('viewer', name);
  const client = stand.client();
  const logIn = (password: string) => client.call('logIn', { body: { name, password } });
  const [limit] = await failUntilLimited(() => logIn('wrong'));
  expect(limit).toEqual(refused('too-many-calls'));
  expect((await logIn(consolePassword)).body).toEqual(refused('too-many-calls'));
  const token = await stand.invite(name);
  await client.done('setUp', { body: { token, password: consolePassword } });
  await client.done('logIn', { body: { name, password: consolePassword } });
});

async function failUntilLimited(attempt: () => Promise<{ status: number; body: object }>): Promise<object[]> {
  for (let i = 0; i < 100; i++) {
    const { status, body } = await attempt();
    if (status === 429) return [body];
    expect(body).toEqual(refused('wrong-login'));
  }
  throw new Error('never limited');
}

it('limits the changes of one session without affecting others', async () => {
  const [fast, slow] = [await stand.member('administrator'), await stand.member('administrator')];
  const change = (client: typeof fast) =>
    client.call('changeDepartment', { params: { department_id: 1_000_000 }, body: { name: 'x' } });
  const statuses = (await Promise.all(Array.from({ length: 60 }, () => change(fast)))).map(
    (each) => each.status,
  );
  expect(new Set(statuses)).toEqual(new Set([404, 429]));
  expect((await change(slow)).status).toBe(404);
});

it('refuses fields outside the schema, bodies that are too large, and invalid JSON', async () => {
  const client = await stand.member('administrator');
  const unknown = await client.call('createDepartment', { body: { name: 'x', colour: 'red' } });
  expect(unknown.status).toBe(400);
  const large = await client.call('createDepartment', { body: { name: 'x'.repeat(300_000) } });
  expect(large.status).toBe(413);
  const strangers = await stand.client().call('logIn', { body: { name: 'x'.repeat(5_000), password: 'x' } });
  expect(strangers.status).toBe(413);
});

it('pages have a strict Content-Security-Policy, and the API has a description', async () => {
  const url = stand.cluster.url('admin_server');
  const page = await fetch(`${url}/users/5`);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await fetch(`${url}/assets/none.js`)).status).toBe(404);
  expect((await fetch(`${url}/users`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/%`)).status).toBeLessThan(500);
  const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
  for (const encoding of ['br', 'gzip']) {
    const file = await fetch(`${url}${script}`, { headers: { 'accept-encoding': encoding } });
    expect([file.status, file.headers.get('content-encoding')]).toEqual([200, encoding]);
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  }
  const document = (await (await fetch(`${url}/admin/v1/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toContain('/admin/v1/users/{user_id}/leave');
  expect((await fetch(`${url}/admin/v1/none`)).status).toBe(404);
});

it('the overview shows who is online', async () => {
  const client = await stand.member('viewer');
  await stand.cluster.addUsers(['online']);
  await stand.cluster.connect('online');
  await expect.poll(async () => (await client.done('getOverview')).online_users).toBe(1);
  const overview = await client.done('getOverview');
  const services = overview.instances.map(({ service }: { service: string }) => service);
  expect(services).toEqual(expect.arrayContaining(['admin_server', 'db_proxy_server', 'msg_server']));
  expect(overview).toMatchObject({ users: 1, users_left: 0 });
});

it('the overview shows the progress of an import', async () => {
  const client = await stand.member('viewer');
  expect(await client.done('getImportProgress')).toEqual({ import: null });
  await stand.cluster.sql(
    `INSERT INTO import_progress (source, began_at, written_at, step, done, total, rows_behind, messages_until, unexplained)
      VALUES ('old:3306/teamtalk', to_timestamp(0), to_timestamp(60), 'messages read', 5, 20, 15, to_timestamp(30), 0)`,
  );
  expect(await client.done('getImportProgress')).toEqual({
    import: {
      source: 'old:3306/teamtalk',
      began_at: '1970-01-01T00:00:00.000Z',
      written_at: '1970-01-01T00:01:00.000Z',
      step: 'messages read',
      step_code: 'messages-read',
      done: 5,
      total: 20,
      rows_behind: 15,
      messages_until: '1970-01-01T00:00:30.000Z',
      state_until: null,
      verified_at: null,
      unexplained: 0,
    },
  });
});

it('a department administrator learns nothing about connections of other departments', async () => {
  const client = await stand.member('department_administrator');
  const help = await stand.member('help_desk');
  const { outsider } = await stand.cluster.addUsers(['outsider']);
  await stand.cluster.connect('outsider');
  const params = { user_id: outsider as number };
  await expect
    .poll(async () => (await help.done('listConnections', { params })).connections, { timeout: 15_000 })
    .toHaveLength(1);
  const [{ connection_id: id }] = (await help.done('listConnections', { params })).connections;
  const none = `${id.split('-')[0]}-999999999`;
  const [there, notThere] = await Promise.all(
    [id, none].map((each) => client.call('endConnection', { params: { ...params, connection_id: each } })),
  );
  expect(there).toMatchObject({ status: 404 });
  expect(there?.body).toEqual(notThere?.body);
  expect((await help.done('listConnections', { params })).connections).toHaveLength(1);
});

it('invalid cookies are throttled before the store is queried, but sessions are not', async () => {
  const client = await stand.member('viewer');
  const statuses = new Set<number>();
  for (let i = 0; i < 2_000 && !statuses.has(429); i++) {
    const stranger = stand.client();
    stranger.cookie = `teamtalk-console=${randomBytes(32).toString('base64url')}`;
    statuses.add((await stranger.call('getSession')).status);
  }
  expect([...statuses].sort()).toEqual([401, 429]);
  expect((await client.call('getSession')).status).toBe(200);
});
