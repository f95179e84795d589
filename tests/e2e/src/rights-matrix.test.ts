import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { appPermissions } from '@teamtalk/db_proxy_server';
import { endpoints } from '@teamtalk/http_msg_server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CallOptions, OpenApiClient } from './openapi-client.js';

/** UPDATE_DOCS=1 rewrites the table; the expected answers below still have to match. */
const page = path.resolve(import.meta.dirname, '../../../docs/reference/rights.md');
const begin = '<!-- table: written by tests/e2e/src/rights-matrix.test.ts -->';
const end = '<!-- end of table -->';

/** What the calls of one cell act on; no other cell uses it. */
interface Fixture {
  /** a normal group of ann, its creator, and ben, with a message */
  group: number;
  department: number;
  item: number;
  /** of the member's app */
  broadcast: number;
  /** a connection of the member */
  session: string;
  /** of the member */
  device: number;
  bot: number;
  hook: number;
  /** another text in every cell */
  name: string;
}

/** The call of one row. @param me the user it acts as */
type Call = (fixture: Fixture, me: number) => CallOptions;

/** Answers to the member, the outsider, the outsider in the member's name, and the administrator. */
type Answers = readonly [member: number, outsider: number, posing: number, administrator: number];

const users = ['ann', 'ben', 'eve'] as const;
const ids = {} as Record<(typeof users)[number], number>;
const secret = 'a secret';

const adminOnly = (status: number): Answers => [403, 403, 403, status];

/** By operation: the answers, the call, and the verb of its audit event; none for what is not administration. */
const operations: Record<string, [Answers, Call, verb?: string]> = {
  sendMessage: [
    [201, 422, 403, 201],
    ({ group }, me) => ({ body: { from_user_id: me, to: { group_id: group }, msg: 'x' } }),
  ],
  startBroadcast: [
    [202, 422, 403, 202],
    ({ group }, me) => ({ body: { from_user_id: me, to: { group_ids: [group] }, type: 'text', msg: 'x' } }),
  ],
  // Only the app that started it sees it.
  getBroadcast: [[200, 404, 404, 404], ({ broadcast }) => ({ path: { broadcast_id: broadcast } })],
  // Every user may read their own conversations, and gets an empty history of a group they are not in.
  getHistory: [[200, 200, 403, 200], (_, me) => ({ path: { user_id: me, peer_id: ids.ben } })],
  getGroupHistory: [[200, 200, 403, 200], ({ group }, me) => ({ path: { user_id: me, group_id: group } })],
  getReceipts: [[200, 404, 403, 200], (_, me) => ({ path: { user_id: me, peer_id: ids.ben } })],
  getGroupReceipts: [[200, 404, 403, 200], ({ group }, me) => ({ path: { user_id: me, group_id: group } })],
  createGroup: [
    adminOnly(201),
    ({ name }, me) => ({ body: { name, member_ids: [ids.ann, ids.ben], creator_id: me } }),
    'group.create',
  ],
  getGroup: [
    [200, 404, 403, 200],
    ({ group }, me) => ({ path: { group_id: group }, query: { from_user_id: me } }),
  ],
  changeGroup: [
    adminOnly(200),
    ({ group, name }) => ({ path: { group_id: group }, body: { name } }),
    'group.change',
  ],
  changeGroupMembers: [
    [200, 403, 403, 200],
    ({ group }, me) => ({
      path: { group_id: group },
      body: { change: 'add', user_ids: [ids.eve], from_user_id: me },
    }),
    'group.add',
  ],
  muteInGroup: [
    [204, 403, 403, 204],
    ({ group }, me) => ({
      path: { group_id: group },
      body: { user_id: ids.ben, muted: true, from_user_id: me },
    }),
    'group.mute',
  ],
  dissolveGroup: [
    [204, 404, 403, 204],
    ({ group }, me) => ({ path: { group_id: group }, query: { from_user_id: me } }),
    'group.remove',
  ],
  listUsers: [adminOnly(200), () => ({})],
  createUser: [adminOnly(201), ({ name }) => ({ body: { name } }), 'user.create'],
  getUser: [adminOnly(200), () => ({ path: { user_id: ids.ann } })],
  changeUser: [
    adminOnly(200),
    (_, me) => ({ path: { user_id: me }, body: { password: testPassword } }),
    'user.change',
  ],
  listDepartments: [adminOnly(200), () => ({})],
  createDepartment: [adminOnly(201), ({ name }) => ({ body: { name } }), 'department.create'],
  changeDepartment: [
    adminOnly(200),
    ({ department }) => ({ path: { department_id: department }, body: { priority: 1 } }),
    'department.change',
  ],
  deleteDepartment: [
    adminOnly(204),
    ({ department }) => ({ path: { department_id: department } }),
    'department.delete',
  ],
  queryPresence: [[200, 200, 200, 200], () => ({ body: { user_ids: [ids.ann] } })],
  kickUser: [[204, 204, 403, 204], (_, me) => ({ path: { user_id: me }, body: {} }), 'session.end'],
  listSessions: [[200, 200, 403, 200], (_, me) => ({ path: { user_id: me } })],
  endSession: [
    [204, 404, 403, 204],
    ({ session }, me) => ({ path: { user_id: me, session_id: session } }),
    'session.end',
  ],
  endSessions: [[204, 204, 403, 204], (_, me) => ({ path: { user_id: me } }), 'session.end'],
  listDevices: [[200, 200, 403, 200], (_, me) => ({ path: { user_id: me } })],
  registerDevice: [
    [201, 201, 403, 201],
    ({ name }, me) => ({
      path: { user_id: me },
      body: { provider: 'fcm', token: name.replaceAll(' ', '-') },
    }),
    'device.add',
  ],
  removeDevice: [
    [204, 404, 403, 204],
    ({ device }, me) => ({ path: { user_id: me, device_id: device } }),
    'device.remove',
  ],
  listPushes: [[200, 200, 403, 200], (_, me) => ({ path: { user_id: me } })],
  listBots: [adminOnly(200), () => ({})],
  createBot: [adminOnly(201), ({ name }) => ({ body: { name } }), 'bot.create'],
  renewBotToken: [adminOnly(200), ({ bot }) => ({ path: { user_id: bot } }), 'bot.token'],
  revokeBotToken: [adminOnly(204), ({ bot }) => ({ path: { user_id: bot } }), 'bot.token'],
  listHooks: [adminOnly(200), () => ({})],
  createHook: [
    adminOnly(201),
    ({ name, bot }) => ({ body: { name, bot_id: bot, to: '@ann' } }),
    'hook.create',
  ],
  removeHook: [adminOnly(204), ({ hook }) => ({ path: { hook_id: hook } }), 'hook.delete'],
  getStatistics: [adminOnly(200), () => ({})],
  listDiscovery: [adminOnly(200), () => ({})],
  createDiscovery: [
    adminOnly(201),
    ({ name }) => ({ body: { name, url: 'http://wiki/' } }),
    'discovery.create',
  ],
  changeDiscovery: [
    adminOnly(200),
    ({ item, name }) => ({ path: { item_id: item }, body: { name: `${name}!` } }),
    'discovery.change',
  ],
  deleteDiscovery: [adminOnly(204), ({ item }) => ({ path: { item_id: item } }), 'discovery.delete'],
};

type Body = (fixture: Fixture, me: number) => object;

const legacyPaths: Record<string, [Answers, Body, verb?: string]> = {
  '/query/SendP2PMessage': [
    [0, 4, 3, 0],
    ({ group }, me) => ({ from_user_id: me, session_id: group, msg: 'x', msg_type: 17 }),
  ],
  '/query/SendSingleMessage': [
    [0, 0, 3, 0],
    (_, me) => ({ from_user_id: me, session_id: ids.ben, msg: 'x' }),
  ],
  '/query/SendGroupMessage': [
    [0, 4, 3, 0],
    ({ group }, me) => ({ from_user_id: me, group_id: group, msg: 'x' }),
  ],
  '/query/SendBroadCastMessage': [
    [0, 4, 3, 0],
    ({ group }, me) => ({ from_user_id: me, session_ids: [group], msg: 'x', msg_type: 17 }),
  ],
  '/query/CreateGroup': [
    [10, 10, 3, 0],
    ({ name }, me) => ({ req_user_id: me, group_name: name, user_id_list: [ids.ben] }),
    'group.create',
  ],
  '/query/ChangeMembers': [
    [0, 11, 3, 0],
    ({ group }, me) => ({ req_user_id: me, group_id: group, modify_type: 1, user_id_list: [ids.eve] }),
    'group.add',
  ],
};

let cluster: TestCluster;
let api: OpenApiClient;
const keys = new Map<string, string>();
let cells = 0;

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1, env: { HTTP_AUTH: 'keys' } });
  Object.assign(ids, await cluster.addUsers(users));
  api = await OpenApiClient.load(cluster.url('http_msg_server'), await keyOf('everything', appPermissions));
  await send({ user_id: ids.ben }, secret);
});
afterAll(() => cluster?.stop());

async function keyOf(name: string, permissions: readonly string[], userId?: number): Promise<string> {
  const key =
    keys.get(name) ?? (await cluster.addApp(name, { permissions, ...(userId !== undefined && { userId }) }));
  keys.set(name, key);
  return key;
}

async function send(to: object, msg: string): Promise<void> {
  const { status } = await api.call('sendMessage', { body: { from_user_id: ids.ann, to, msg } });
  expect(status).toBe(201);
}

async function makeFixture(): Promise<Fixture> {
  const name = `cell ${cells++}`;
  const only = async (text: string, values: unknown[]) =>
    (await cluster.sql<{ id: number }>(`${text} RETURNING id`, values))[0]!.id;
  const group = await only('INSERT INTO chat_group (name, type, creator_id) VALUES ($1, 1, $2)', [
    secret,
    ids.ann,
  ]);
  await cluster.sql('INSERT INTO group_member (group_id, user_id) VALUES ($1, $2), ($1, $3)', [
    group,
    ids.ann,
    ids.ben,
  ]);
  await send({ group_id: group }, secret);
  const member = await keyOf('member', asUser, ids.ann);
  const started = await api.call('startBroadcast', {
    key: member,
    body: { to: { user_ids: [ids.ben] }, type: 'text', msg: secret },
  });
  // The limit is 200, and items of earlier cells are no longer needed.
  await cluster.sql('DELETE FROM discovery_item');
  const [device] = await cluster.sql<{ id: number }>(
    `INSERT INTO push_device (user_id, client_type, provider, token, token_hash)
     VALUES ($1, 18, 'fcm', $2, push_token_hash($2)) RETURNING id::int4`,
    [ids.ann, `${name} ${secret}`],
  );
  const bot = await only(`INSERT INTO im_user (name, password_hash) VALUES ($1, '!')`, [`bot of ${name}`]);
  const hash = `sha256(convert_to($2, 'UTF8'))`;
  await cluster.sql(`INSERT INTO bot (user_id, token_hash) VALUES ($1, ${hash})`, [bot, name]);
  return {
    group,
    name,
    bot,
    hook: await only(
      `INSERT INTO hook (name, token_hash, bot_id, user_id, any_receiver, rate) VALUES ('hook of ' || $2, ${hash}, $1, $3, false, 1)`,
      [bot, name, ids.ann],
    ),
    session: await sessionOfMember(),
    device: device!.id,
    broadcast: started.body.broadcast_id as number,
    department: await only('INSERT INTO department (name) VALUES ($1)', [name]),
    item: await only(`INSERT INTO discovery_item (name, url) VALUES ($1, 'http://wiki/')`, [name]),
  };
}

/** A new connection of the member, which takes the place of the one before. */
async function sessionOfMember(): Promise<string> {
  await cluster.connect('ann');
  const { body } = await api.call('listSessions', { path: { user_id: ids.ann } });
  const sessions = body.sessions as { session_id: string }[];
  expect(sessions).toHaveLength(1);
  return sessions[0]!.session_id;
}

/** What is no administration; the permissions of apps that act as one user. */
const asUser = ['p2p', 'broadcast', 'group', 'history', 'presence', 'session', 'device'];

interface CellAnswer {
  code: number;
  done: boolean;
  text: string;
}

const auditedSince = (id: number) =>
  cluster.sql<{ actor: string; source: string; verb: string }>(
    'SELECT actor, source, verb FROM audit_event WHERE id > $1',
    [id],
  );

/** The answers of one row, in the order of the columns. Each call that does something administrative is one event. */
async function answersOf(
  roles: readonly string[],
  verb: string | undefined,
  call: (key: string, fixture: Fixture, me: number) => Promise<CellAnswer>,
): Promise<number[]> {
  const { ann, eve } = ids;
  const others = appPermissions.filter((each) => !roles.includes(each));
  const last = roles.at(-1)!;
  const callers: [key: string, me: number, outside?: true][] = [
    ['', ann, true],
    ['wrong', ann, true],
    [await keyOf(`all but ${roles}`, others), ann, true],
    [await keyOf('member', asUser, ann), ann],
    [await keyOf('outsider', asUser, eve), eve, true],
    [await keyOf('outsider', asUser, eve), ann, true],
    [await keyOf(`only ${last}`, [last]), ann],
  ];
  const codes: number[] = [];
  for (const [key, me, outside] of callers) {
    const fixture = await makeFixture();
    const [head] = await cluster.sql<{ id: number }>('SELECT id::int4 FROM audit_head');
    const { code, done, text } = await call(key, fixture, me);
    if (outside) expect(text).not.toContain(secret);
    const [name] = [...keys].find(([, each]) => each === key) ?? [];
    const events = done && verb ? [{ actor: `app ${name}`, source: '127.0.0.1', verb }] : [];
    expect(await auditedSince(head!.id), `${name}: what is audited`).toEqual(events);
    codes.push(code);
  }
  return codes;
}

const lines: string[] = [];
const counts = { cells: 0, wrong: 0 };

function expectRow(
  name: string,
  roles: readonly string[],
  actual: number[],
  expected: number[],
  verb = '',
): void {
  counts.cells += expected.length;
  counts.wrong += expected.filter((code, i) => actual[i] !== code).length;
  expect(actual, name).toEqual(expected);
  const permissions = roles.map((role) => `\`${role}\``).join(', ');
  lines.push(`| ${name} | ${permissions} | ${actual.join(' | ')} | ${verb} |`);
}

it('has a row for every operation and for every path of the original API', () => {
  expect(Object.keys(operations).sort()).toEqual(api.operations.sort());
  expect(Object.keys(legacyPaths).sort()).toEqual(Object.keys(endpoints).sort());
});

it.each(Object.entries(operations))('/v1: %s', async (id, [answers, callOf, verb]) => {
  const roles = api.rolesOf(id);
  const actual = await answersOf(roles, verb, async (key, fixture, me) => {
    const { status, body } = await api.call(id, { ...callOf(fixture, me), key });
    return { code: status, done: status < 300, text: JSON.stringify(body) };
  });
  expectRow(id, roles, actual, [401, 401, 403, ...answers], verb);
});

it.each(Object.entries(legacyPaths))('%s', async (where, [answers, bodyOf, verb]) => {
  const { permission, administration } = endpoints[where]!;
  const roles = [permission, ...(administration ? [administration] : [])];
  const actual = await answersOf(roles, verb, async (key, fixture, me) => {
    const response = await fetch(`${cluster.url('http_msg_server')}${where}`, {
      method: 'POST',
      body: JSON.stringify({ ...bodyOf(fixture, me), ...(key && { app_key: key }) }),
    });
    const text = await response.text();
    const { error_code: code } = JSON.parse(text) as { error_code: number };
    return { code, done: code === 0, text };
  });
  expectRow(`\`${where}\``, roles, actual, [2, 2, 5, ...answers], verb);
});

it('the page has what was answered', async () => {
  const rows = Object.keys({ ...operations, ...legacyPaths }).length;
  console.log(`rights: ${rows} operations, ${counts.cells} cells, ${counts.wrong} wrong`);
  const columns = [
    'no key',
    'wrong key',
    'without',
    'member',
    'outsider',
    'in another’s name',
    'administrator',
    'audited as',
  ];
  const table = [
    `| | permissions | ${columns.join(' | ')} |`,
    `|---|---|${columns.map(() => '---|').join('')}`,
    ...lines,
  ];
  const text = await readFile(page, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const made = `\n${table.join('\n')}\n`;
  if (process.env.UPDATE_DOCS)
    await writeFile(page, text.slice(0, from) + made + text.slice(text.indexOf(end)));
  else expect(text.slice(from, text.indexOf(end))).toBe(made);
});
