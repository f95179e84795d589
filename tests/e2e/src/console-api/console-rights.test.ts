import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { api, type OperationId } from '@teamtalk/admin_server';
import { testPassword } from '@teamtalk/cluster';
import { type ConsolePermission, type ConsoleRole, consoleRoles, mayInConsole } from '@teamtalk/rpc';
import { SecretKeys } from '@teamtalk/service-kit';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { codeOf } from '../one-time-code.js';
import type { Asked, ConsoleClient } from './console-client.js';
import { ConsoleStand, consolePassword } from './console-stand.js';

const formerKey = randomBytes(32).toString('hex');
const pushEnv = { PUSH_CREDENTIALS_KEY: `${randomBytes(32).toString('hex')},${formerKey}` };

let stand: ConsoleStand;
/** In the place of msfs. */
let images: Server;
let owner: ConsoleClient;
/** The department administrator's department, which contains everything that the calls act on. */
let department: number;
/** Recovery codes of the roles' accounts while their second factor is on. */
const recoveryCodes = new Map<ConsoleRole, string[]>();
const members = new Map<ConsoleRole, { name: string; client: ConsoleClient }>();

beforeAll(async () => {
  images = createServer((request, response) => {
    const url = 'http://images.example/g0/1.png';
    request.resume().once('end', () => response.end(JSON.stringify({ error_code: 0, url })));
  });
  await new Promise<void>((resolve) => images.listen(0, '127.0.0.1', resolve));
  stand = await ConsoleStand.start(
    { MSFS_URL: `http://127.0.0.1:${(images.address() as AddressInfo).port}/` },
    {},
    { push_server: 1, envOf: { push_server: pushEnv } },
  );
  owner = await stand.member('owner');
  department = await stand.department();
  for (const role of consoleRoles) {
    const name = `${role} of the matrix`;
    members.set(role, { name, client: await stand.member(role, name) });
  }
});
afterEach(async () => {
  recoveryCodes.clear();
  await stand.cluster.sql('DELETE FROM console_second_factor');
});
afterAll(async () => {
  await stand.cluster.stop();
  images.close();
});

/** The beginning of a PNG, in base64. */
const picture = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64');

const unique = () => randomUUID().slice(0, 8);

async function newUser(): Promise<{ name: string; user_id: number }> {
  const name = `u${unique()}`;
  return owner.done('createUser', { body: { name, password: testPassword, department_id: department } });
}

async function newGroup(): Promise<{ group_id: number }> {
  const { user_id: userId } = await newUser();
  return owner.done('createGroup', {
    body: { name: 'team', member_ids: [userId, (await newUser()).user_id] },
  });
}

async function newDepartment(): Promise<number> {
  const body = { name: `d${unique()}`, parent_id: department };
  return (await owner.done('createDepartment', { body })).department_id;
}

async function newItem(): Promise<number> {
  await stand.cluster.sql('DELETE FROM discovery_item');
  return (await owner.done('createDiscovery', { body: { name: 'wiki', url: 'http://wiki/' } })).item_id;
}

async function newBot(): Promise<number> {
  const [bot] = await stand.cluster.sql<{ id: number }>(
    `WITH made AS (INSERT INTO im_user (name, password_hash) VALUES ($1, '!') RETURNING id)
     INSERT INTO bot (user_id) SELECT id FROM made RETURNING user_id AS id`,
    [`b${unique()}`],
  );
  return bot?.id ?? 0;
}

/** A new broadcast from a bot, due in an hour. */
async function newBroadcast(): Promise<Asked> {
  const send_at = new Date(Date.now() + 3_600_000).toISOString();
  return {
    body: { key: unique(), from_user_id: await newBot(), message: 'lunch', audience: 'everybody', send_at },
  };
}

async function newAccount(): Promise<number> {
  return (await owner.done('createAccount', { body: { name: `a${unique()}`, role: 'viewer' } })).account_id;
}

async function newHold(): Promise<number> {
  const { user_id } = await newUser();
  return (await owner.done('placeHold', { body: { reason: 'case', user_id } })).hold_id;
}

async function newRule(): Promise<number> {
  const body = { scope: 'department', scope_id: await newDepartment(), days: 9 };
  return (await owner.done('setRetention', { body })).rule_id;
}

/** A logged-in user and their connection. */
async function connected(): Promise<{ user_id: number; connection_id: string }> {
  const { name, user_id } = await newUser();
  await stand.cluster.connect(name);
  const { connections } = await owner.done('listConnections', { params: { user_id } });
  expect(connections).toHaveLength(1);
  return { user_id, connection_id: connections[0].connection_id };
}

/** Begins the setup of a second factor for the role's account. @returns a code that would confirm it */
async function secretOf(role: ConsoleRole): Promise<{ client: ConsoleClient; code: string }> {
  const client = await again(role);
  const { secret } = await client.done('beginSecondFactor', { body: { password: consolePassword } });
  return { client, code: codeOf(secret) };
}

/** Turns on the second factor of the role's account. @returns a valid recovery code */
async function withCodes(role: ConsoleRole): Promise<Asked> {
  const { client, code } = await secretOf(role);
  const { recovery_codes: codes } = await client.done('confirmSecondFactor', { body: { code } });
  recoveryCodes.set(role, codes);
  return { body: { code: codes.pop() } };
}

/** Another account with a second factor. */
async function accountWithCodes(): Promise<Asked> {
  const accountId = await newAccount();
  await stand.cluster.sql(
    `INSERT INTO console_second_factor (account_id, key_id, sealed, confirmed_at) VALUES ($1, '', '', now())`,
    [accountId],
  );
  return { params: { account_id: accountId } };
}

/** A user with a failed login. */
async function failedUser(): Promise<Asked> {
  const asked = await ofUser();
  await stand.cluster.sql(
    `INSERT INTO login_failure (name, place, failed_at, last_at)
     SELECT name, '192.0.2.1', ARRAY[now()], now() FROM im_user WHERE id = $1`,
    [asked.params?.user_id],
  );
  return asked;
}

/** An account with a failed login. */
async function failedAccount(): Promise<Asked> {
  const name = `a${unique()}`;
  const { account_id } = await owner.done('createAccount', { body: { name, role: 'viewer' } });
  const body = { name, password: 'wrong' };
  expect((await stand.client().call('logIn', { body })).status).toBe(403);
  return { params: { account_id } };
}

const ofUser = async (): Promise<Asked> => ({ params: { user_id: (await newUser()).user_id } });
/** A user who has left and is in a group. */
async function leaver(): Promise<Asked> {
  const asked = await ofUser();
  await owner.done('createGroup', {
    body: { name: 'team', member_ids: [asked.params?.user_id, (await newUser()).user_id] },
  });
  await owner.done('leaveUser', asked);
  return asked;
}

/** An import with one row that adds a user. */
async function checkedImport(): Promise<Asked> {
  const { import_id } = await owner.done('createUserImport', { body: { file_name: 'people.csv' } });
  const asked = { params: { import_id } };
  await owner.done('addUserImportRows', { ...asked, body: { rows: [{ row: 2, name: `u${unique()}` }] } });
  return asked;
}

const appBounds = { permissions: ['p2p'], addresses: [], user_id: null, rate: null };
async function ofApp(): Promise<Asked> {
  const body = { name: `app ${unique()}`, ...appBounds, signs: false };
  return { params: { app_id: (await owner.done('createApp', { body })).app_id } };
}
async function disabledApp(): Promise<Asked> {
  const asked = await ofApp();
  await owner.done('disableApp', asked);
  return asked;
}
const hookTarget = { url: 'http://receiver.test/', events: ['group'], bot_id: null };
async function ofWebhook(): Promise<Asked> {
  // At most 100 can exist.
  await stand.cluster.sql('DELETE FROM webhook');
  const body = { name: `hook ${unique()}`, ...hookTarget };
  return { params: { webhook_id: (await owner.done('createWebhook', { body })).webhook_id } };
}
async function withDeadLetter(): Promise<Asked> {
  const asked = await ofWebhook();
  await stand.cluster.sql(
    `INSERT INTO webhook_event (webhook_id, key, event, data, failed_at) VALUES ($1, 'a', 'group', '{}', now())`,
    [asked.params?.webhook_id],
  );
  return asked;
}
async function ofBot(): Promise<Asked> {
  const body = { name: `b${unique()}`, nick_name: '' };
  return { params: { user_id: (await owner.done('createBot', { body })).user_id } };
}
async function newHook(): Promise<Asked> {
  const { user_id: bot_id } = (await ofBot()).params as { user_id: number };
  const { user_id } = await newUser();
  return { body: { name: `hook ${unique()}`, bot_id, any_receiver: false, rate: 1, user_id } };
}
const view = { text: '', department_id: null, status: 'present', columns: ['tel'] };

/** A view that the role's account has saved. */
async function savedView(role: ConsoleRole): Promise<Asked> {
  const { view_id } = await (await again(role)).done('saveView', { body: { ...view, name: unique() } });
  return { params: { view_id } };
}

const ofGroup = async (): Promise<Asked> => ({ params: { group_id: (await newGroup()).group_id } });
const ofAccount = async (): Promise<Asked> => ({ params: { account_id: await newAccount() } });
const nothing = async (): Promise<Asked> => ({});

/** For each operation: the request, and for a change the verb of its only event. */
const rows: Record<OperationId, [ask: (role: ConsoleRole) => Promise<Asked>, verb?: string]> = {
  setUp: [
    async (role) => ({
      body: { token: await stand.invite(`new ${unique()}`, role), password: consolePassword },
    }),
    'account.set-up',
  ],
  logIn: [
    async (role) => ({ body: { name: members.get(role)?.name ?? '', password: consolePassword } }),
    'account.log-in',
  ],
  getSignOn: [nothing],
  getSession: [nothing],
  logOut: [nothing, 'account.log-out'],
  listOwnSessions: [nothing],
  endOwnSession: [
    async (role) => {
      const client = await again(role);
      const { sessions } = await client.done('listOwnSessions');
      return {
        params: { session_id: sessions.find((each: { current: boolean }) => each.current).session_id },
      };
    },
    'account.end-session',
  ],
  changeOwnPassword: [
    async () => ({ body: { current: consolePassword, password: consolePassword } }),
    'account.password',
  ],
  beginSecondFactor: [async () => ({ body: { password: consolePassword } }), 'account.second-factor-begin'],
  confirmSecondFactor: [
    async (role) => ({ body: { code: (await secretOf(role)).code } }),
    'account.second-factor',
  ],
  renewRecoveryCodes: [withCodes, 'account.recovery-codes'],
  removeSecondFactor: [withCodes, 'account.second-factor-remove'],
  getOverview: [nothing],
  findUsers: [nothing],
  getUser: [ofUser],
  createUser: [async () => ({ body: { name: `u${unique()}`, department_id: department } }), 'user.create'],
  changeUser: [async () => ({ ...(await ofUser()), body: { nick_name: 'Ann' } }), 'user.change'],
  resetUserPassword: [ofUser, 'user.change'],
  leaveUser: [ofUser, 'user.change'],
  restoreUser: [
    async () => {
      const asked = await ofUser();
      await owner.done('leaveUser', asked);
      return asked;
    },
    'user.change',
  ],
  setUserPicture: [async () => ({ ...(await ofUser()), body: { picture } }), 'user.change'],
  listSavedViews: [nothing],
  saveView: [async () => ({ body: { ...view, name: unique() } }), 'view.create'],
  renameView: [async (role) => ({ ...(await savedView(role)), body: { name: unique() } }), 'view.change'],
  deleteView: [savedView, 'view.delete'],
  createUserImport: [async () => ({ body: { file_name: 'people.csv' } }), 'import.create'],
  chooseUsers: [
    async () => ({
      body: {
        action: { kind: 'move', department_id: null },
        users: { by: 'ids', user_ids: [(await newUser()).user_id] },
      },
    }),
    'import.choose',
  ],
  addUserImportRows: [
    async () => ({ ...(await checkedImport()), body: { rows: [{ row: 2, name: `u${unique()}` }] } }),
    'import.check',
  ],
  listUserImports: [nothing],
  getUserImport: [checkedImport],
  listUserImportRows: [checkedImport],
  runUserImport: [checkedImport, 'user.create'],
  undoUserImport: [
    async () => {
      const asked = await checkedImport();
      await owner.done('runUserImport', asked);
      return asked;
    },
    'user.change',
  ],
  issueImportPasswords: [
    async () => {
      const asked = await checkedImport();
      await owner.done('runUserImport', asked);
      return { ...asked, body: {} };
    },
    'user.change',
  ],
  leaveGroups: [async () => ({ ...(await leaver()), body: { successor_id: null } }), 'group.remove'],
  rejoinGroups: [
    async () => {
      const asked = await leaver();
      await owner.done('leaveGroups', { ...asked, body: { successor_id: null } });
      await owner.done('restoreUser', asked);
      return asked;
    },
    'group.add',
  ],
  listConnections: [ofUser],
  endConnection: [async () => ({ params: await connected() }), 'session.end'],
  endConnections: [async () => ({ params: { user_id: (await connected()).user_id } }), 'session.end'],
  listLoginFailures: [ofUser],
  unlockUser: [failedUser, 'user.unlock'],
  unlockAccount: [failedAccount, 'account.unlock'],
  getUserStanding: [ofUser],
  listDevices: [ofUser],
  listPushes: [ofUser],
  getPushProviders: [nothing],
  setPushCredential: [
    async () => ({
      params: { provider: 'xiaomi' },
      body: { secret: unique(), parts: { package: 'com.example.app' } },
    }),
    'credential.set',
  ],
  removePushCredential: [
    async () => {
      await stand.cluster.sql(
        `INSERT INTO push_credential (provider, description, key_id, sealed) VALUES ('fcm', 'old', '', '')
         ON CONFLICT DO NOTHING`,
      );
      return { params: { provider: 'fcm' } };
    },
    'credential.remove',
  ],
  rotatePushCredentials: [
    async () => {
      const { keyId, bytes } = new SecretKeys(formerKey).seal('fcm', '{}');
      await stand.cluster.sql('DELETE FROM push_credential');
      await stand.cluster.sql(
        `INSERT INTO push_credential (provider, description, key_id, sealed) VALUES ('fcm', 'old', $1, $2)`,
        [keyId, bytes],
      );
      return {};
    },
    'credential.rotate',
  ],
  testDevice: [
    async () => {
      const { user_id } = (await ofUser()).params as { user_id: number };
      const [device] = await stand.cluster.sql<{ id: number }>(
        `INSERT INTO push_device (user_id, client_type, provider, token, token_hash)
         VALUES ($1, 0, 'oppo', $2::text, sha256(convert_to($2::text, 'UTF8'))) RETURNING id::int4`,
        [user_id, `token ${unique()}`],
      );
      return { params: { user_id, device_id: device?.id ?? 0 } };
    },
    'device.test',
  ],
  listDepartments: [nothing],
  createDepartment: [
    async () => ({ body: { name: `d${unique()}`, parent_id: department } }),
    'department.create',
  ],
  changeDepartment: [
    async () => ({ params: { department_id: await newDepartment() }, body: { name: `d${unique()}` } }),
    'department.change',
  ],
  deleteDepartment: [async () => ({ params: { department_id: await newDepartment() } }), 'department.delete'],
  mergeDepartment: [
    async () => ({
      params: { department_id: await newDepartment() },
      body: { into_id: await newDepartment() },
    }),
    'department.merge',
  ],
  findGroups: [nothing],
  getGroup: [ofGroup],
  createGroup: [
    async () => ({ body: { name: 'team', member_ids: [(await newUser()).user_id] } }),
    'group.create',
  ],
  changeGroup: [async () => ({ ...(await ofGroup()), body: { name: 'crew' } }), 'group.change'],
  setGroupPicture: [async () => ({ ...(await ofGroup()), body: { picture } }), 'group.change'],
  changeGroupMembers: [
    async () => ({
      ...(await ofGroup()),
      body: { change: 'add', user_ids: [(await newUser()).user_id] },
    }),
    'group.add',
  ],
  dissolveGroup: [ofGroup, 'group.dissolve'],
  listDissolvedGroups: [nothing],
  restoreGroup: [
    async () => {
      const asked = await ofGroup();
      await owner.done('dissolveGroup', asked);
      return asked;
    },
    'group.restore',
  ],
  handOverGroup: [
    async () => ({ ...(await ofGroup()), body: { user_id: (await newUser()).user_id } }),
    'group.hand-over',
  ],
  muteInGroup: [async () => ({ ...(await ofGroup()), body: { user_id: null, muted: true } }), 'group.mute'],
  announceInGroup: [
    async () => {
      const body = { key: unique(), from_user_id: await newBot(), text: 'lunch' };
      return { ...(await ofGroup()), body };
    },
    'group.announce',
  ],
  listDiscovery: [nothing],
  createDiscovery: [async () => ({ body: { name: 'wiki', url: 'http://wiki/' } }), 'discovery.create'],
  changeDiscovery: [
    async () => ({ params: { item_id: await newItem() }, body: { name: 'pages' } }),
    'discovery.change',
  ],
  deleteDiscovery: [async () => ({ params: { item_id: await newItem() } }), 'discovery.delete'],
  listBroadcasts: [nothing],
  previewBroadcast: [
    async () => {
      const { from_user_id } = (await newBroadcast()).body as { from_user_id: number };
      return { query: { from_user_id: String(from_user_id), audience: 'everybody' } };
    },
  ],
  createBroadcast: [newBroadcast, 'broadcast.create'],
  cancelBroadcast: [
    async () => ({
      params: {
        broadcast_id: (await owner.done('createBroadcast', await newBroadcast())).broadcast_id,
      },
    }),
    'broadcast.cancel',
  ],
  listAuditEvents: [nothing],
  verifyAudit: [nothing],
  getImportProgress: [nothing],
  getActivity: [nothing],
  listClients: [nothing],
  getUpgradeCheck: [nothing],
  listSettings: [nothing],
  getRetention: [nothing],
  setRetention: [
    async () => ({ body: { scope: 'group', scope_id: (await newGroup()).group_id, days: 30 } }),
    'retention.set',
  ],
  removeRetention: [async () => ({ params: { rule_id: await newRule() } }), 'retention.remove'],
  listHolds: [nothing],
  placeHold: [
    async () => ({ body: { reason: 'case', group_id: (await newGroup()).group_id } }),
    'hold.place',
  ],
  listExports: [nothing],
  requestExport: [
    async () => ({ body: { reason: 'case', user_id: (await newUser()).user_id } }),
    'export.request',
  ],
  approveExport: [
    async () => {
      const body = { reason: 'case', user_id: (await newUser()).user_id };
      return { params: { export_id: (await owner.done('requestExport', { body })).export_id } };
    },
    'export.approve',
  ],
  listErasures: [nothing],
  eraseUser: [
    async () => {
      const asked = await ofUser();
      await owner.done('leaveUser', asked);
      return { body: { user_id: (asked.params as { user_id: number }).user_id, reason: 'request' } };
    },
    'erasure.request',
  ],
  releaseHold: [async () => ({ params: { hold_id: await newHold() } }), 'hold.release'],
  listApps: [nothing],
  createApp: [async () => ({ body: { name: `app ${unique()}`, ...appBounds, signs: false } }), 'app.create'],
  changeApp: [async () => ({ ...(await ofApp()), body: { ...appBounds, rate: 5 } }), 'app.change'],
  renewAppKey: [ofApp, 'app.key'],
  disableApp: [ofApp, 'app.disable'],
  enableApp: [disabledApp, 'app.enable'],
  revokeApp: [ofApp, 'app.revoke'],
  deleteApp: [disabledApp, 'app.delete'],
  listWebhooks: [nothing],
  createWebhook: [async () => ({ body: { name: `hook ${unique()}`, ...hookTarget } }), 'webhook.create'],
  changeWebhook: [
    async () => ({ ...(await ofWebhook()), body: { ...hookTarget, events: ['file'] } }),
    'webhook.change',
  ],
  renewWebhookSecret: [ofWebhook, 'webhook.secret'],
  disableWebhook: [ofWebhook, 'webhook.disable'],
  enableWebhook: [
    async () => {
      const asked = await ofWebhook();
      await owner.done('disableWebhook', asked);
      return asked;
    },
    'webhook.enable',
  ],
  testWebhook: [ofWebhook, 'webhook.test'],
  deleteWebhook: [ofWebhook, 'webhook.delete'],
  listWebhookEvents: [ofWebhook],
  listDeadLetters: [withDeadLetter],
  retryDeadLetters: [async () => ({ ...(await withDeadLetter()), body: {} }), 'webhook.retry'],
  dropDeadLetters: [async () => ({ ...(await withDeadLetter()), body: {} }), 'webhook.drop'],
  listBots: [nothing],
  createBot: [async () => ({ body: { name: `b${unique()}`, nick_name: '' } }), 'bot.create'],
  renewBotToken: [ofBot, 'bot.token'],
  revokeBotToken: [ofBot, 'bot.token'],
  listHooks: [nothing],
  createHook: [newHook, 'hook.create'],
  deleteHook: [
    async () => ({ params: { hook_id: (await owner.done('createHook', await newHook())).hook_id } }),
    'hook.delete',
  ],
  listAccounts: [nothing],
  createAccount: [async () => ({ body: { name: `a${unique()}`, role: 'viewer' } }), 'account.create'],
  changeAccount: [async () => ({ ...(await ofAccount()), body: { role: 'auditor' } }), 'account.change'],
  deleteAccount: [ofAccount, 'account.delete'],
  inviteAccount: [ofAccount, 'account.invite'],
  resetSecondFactor: [accountWithCodes, 'account.second-factor-reset'],
  endAccountSessions: [ofAccount, 'account.end-sessions'],
};

/** Logs the role's account in from another browser. */
async function again(role: ConsoleRole): Promise<ConsoleClient> {
  const client = stand.client();
  const code = recoveryCodes.get(role)?.pop();
  const body = { name: members.get(role)?.name ?? '', password: consolePassword, ...(code && { code }) };
  await client.done('logIn', { body });
  return client;
}

function mayCall(role: ConsoleRole, id: OperationId): boolean {
  const { access } = api[id];
  return access === 'public' || access === 'session' || mayInConsole(role, access as ConsolePermission);
}

it('has a row for every operation', () => {
  expect(Object.keys(rows).sort()).toEqual(Object.keys(api).sort());
  const changing = Object.entries(api).filter(([, { method }]) => method !== 'get');
  for (const [id] of changing) expect(rows[id as OperationId][1], id).toBeDefined();
});

const cells = (Object.keys(rows) as OperationId[]).flatMap((id) =>
  consoleRoles.map((role) => ({ id, role })),
);

it.each(cells)('$id by $role', async ({ id, role }) => {
  const [ask, verb] = rows[id];
  const asked = await ask(role);
  const { name } = members.get(role)!;
  // Its own session, because some operations end it.
  const client = api[id].access === 'public' ? stand.client() : await again(role);
  const before = await stand.newestEvent();
  const { status, body } = await client.call(id, asked);
  const events = await stand.eventsSince(before);
  if (!mayCall(role, id)) {
    expect([status, body.type]).toEqual([403, 'urn:teamtalk:problem:not-permitted']);
    expect(events).toEqual([]);
    return;
  }
  expect(status, JSON.stringify(body)).toBe(api[id].status);
  const actor = id === 'setUp' ? expect.stringMatching(/^console new /) : `console ${name}`;
  expect(events).toEqual(verb ? [{ actor, source: expect.stringContaining('127.0.0.1'), verb }] : []);
});

it.each(Object.keys(rows) as OperationId[])('%s requires a session', async (id) => {
  if (api[id].access === 'public') return;
  const [ask] = rows[id];
  const { status } = await stand.client().call(id, await ask('owner'));
  expect(status).toBe(401);
});
