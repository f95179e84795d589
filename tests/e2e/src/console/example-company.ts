import { testPassword } from '@teamtalk/cluster';
import { addWebhook, openDataSource } from '@teamtalk/db_proxy_server';
import { ClientType } from '@teamtalk/protocol';
import { ConsoleClient } from '../console-api/console-client.js';
import { type ConsoleStand, consolePassword } from './stand.js';

const people: readonly [login: string, called: string, department: number][] = [
  ['zhangwei', '张伟', 2],
  ['wangfang', '王芳', 2],
  ['lina', '李娜', 3],
  ['liuyang', '刘洋', 3],
  ['anna.meyer', 'Anna Meyer', 4],
  ['ben.carter', 'Ben Carter', 4],
  ['chenjing', '陈静', 5],
  ['olga.petrova', 'Olga Petrova', 5],
  ['zhaolei', '赵磊', 6],
  ['sunli', '孙丽', 6],
  ['tom.walker', 'Tom Walker', 7],
  ['zhouqiang', '周强', 7],
];

/** Ids for the pages that show a single item. */
export interface Examples {
  userId: number;
  groupId: number;
  importId: number;
}

/** Fills an installation so that every page of the console has content. @returns the ids of examples */
export async function fillCompany(stand: ConsoleStand): Promise<Examples> {
  const { cluster } = stand;
  const [owner, second] = [await accountOf(stand, 'mei.lin'), await accountOf(stand, 'jonas.weber')];
  await accountOf(stand, 'help desk', 'help_desk');
  await accountOf(stand, 'auditor', 'auditor');
  await cluster.sql(
    `INSERT INTO department (id, name, parent_id, priority) VALUES (1, '星河科技 Galaxy Tech', 0, 0), (2, '研发部 R&D', 1, 1),
       (3, '产品部 Product', 1, 2), (4, '销售部 Sales', 1, 3), (5, '人力资源部 People', 1, 4), (6, '运维组 Operations', 2, 1),
       (7, '测试组 Quality', 2, 2)`,
  );
  const ids: Record<string, number> = {};
  for (const [name, called, department_id] of people) {
    const body = {
      name,
      password: testPassword,
      nick_name: called,
      department_id,
      tel: `138${String(10_000_000 + Object.keys(ids).length * 137_911).slice(0, 8)}`,
      email: `${name}@example.com`,
    };
    ids[name] = (await owner.done('createUser', { body })).user_id;
  }
  const userId = ids.zhangwei ?? 0;
  const members = Object.values(ids);
  const groupIds: number[] = [];
  for (const [name, size] of [
    ['项目周会 Weekly', 8],
    ['值班群 On call', 5],
    ['Lunch 午餐', 12],
  ] as const) {
    const body = { name, member_ids: members.slice(0, size), creator_id: userId };
    groupIds.push((await owner.done('createGroup', { body })).group_id);
  }
  const groupId = groupIds[0] ?? 0;
  for (const [name, url] of [
    ['公司内网 Intranet', 'https://intranet.example.com/'],
    ['考勤 Time sheet', 'https://time.example.com/'],
    ['知识库 Wiki', 'https://wiki.example.com/'],
  ]) {
    await owner.done('createDiscovery', { body: { name, url } });
  }
  await lifecycle(owner, second, ids, groupId);
  const import_id = await imported(owner);
  const botId = await broadcasts(stand, owner, groupIds);
  await moderation(owner, groupId, members, botId);
  await machines(stand, userId);
  for (const [i, [name]] of people.slice(0, 6).entries()) {
    await cluster.connect(name, { clientType: i % 2 === 0 ? ClientType.WINDOWS : ClientType.ANDROID });
  }
  return { userId, groupId, importId: import_id };
}

async function accountOf(stand: ConsoleStand, name: string, role = 'owner'): Promise<ConsoleClient> {
  const client = new ConsoleClient(stand.url);
  const token = (await stand.setupLink(name, role)).split('#')[1] ?? '';
  await client.done('setUp', { body: { token, password: consolePassword } });
  return client;
}

async function lifecycle(
  owner: ConsoleClient,
  second: ConsoleClient,
  ids: Readonly<Record<string, number>>,
  groupId: number,
): Promise<void> {
  await owner.done('setRetention', { body: { scope: 'installation', days: 730 } });
  await owner.done('setRetention', { body: { scope: 'department', scope_id: 4, days: 1_095 } });
  await owner.done('placeHold', { body: { reason: 'case 2026-31', user_id: ids.lina } });
  for (const body of [
    { reason: 'case 2026-31', user_id: ids.lina },
    { reason: 'audit 2026', group_id: groupId },
  ]) {
    const { export_id } = await owner.done('requestExport', { body });
    if ('user_id' in body) await second.done('approveExport', { params: { export_id } });
  }
  const params = { user_id: ids.zhouqiang ?? 0 };
  await owner.done('leaveUser', { params });
  await owner.done('eraseUser', { body: { ...params, reason: 'request 17' } });
}

/** @returns the import's id */
async function imported(owner: ConsoleClient): Promise<number> {
  const { import_id } = await owner.done('createUserImport', { body: { file_name: '新员工 2026-11.xlsx' } });
  const rows = [
    { row: 2, name: 'huangmin', nick_name: '黄敏', department: '研发部 R&D' },
    { row: 3, name: 'zhangwei', tel: '13800138000' },
    { row: 4, name: 'xuhao', nick_name: '徐浩', department: '市场部' },
    { row: 5, name: 'wangfang', nick_name: '王芳' },
  ];
  await owner.done('addUserImportRows', { params: { import_id }, body: { rows } });
  return import_id;
}

async function broadcasts(
  stand: ConsoleStand,
  owner: ConsoleClient,
  groupIds: readonly number[],
): Promise<number> {
  const { notices = 0 } = await stand.cluster.addUsers(['notices']);
  await stand.cluster.sql(`UPDATE im_user SET nick_name = 'IT 通知' WHERE id = $1`, [notices]);
  await stand.cluster.sql('INSERT INTO bot (user_id) VALUES ($1)', [notices]);
  const later = new Date(Date.now() + 40 * 3_600_000).toISOString();
  const wanted = [
    {
      audience: 'everybody',
      message: '办公网今晚 22:00–23:00 维护。The office network is down from 22:00 to 23:00.',
    },
    { audience: 'groups', ids: groupIds.slice(0, 2), message: '周会改到 15:00。The weekly moves to 15:00.' },
    { audience: 'departments', ids: [2, 3], message: '周五消防演习。Fire drill on Friday.', send_at: later },
  ];
  for (const [i, body] of wanted.entries()) {
    await owner.done('createBroadcast', { body: { key: `k${i}`, from_user_id: notices, ...body } });
  }
  return notices;
}

/** An announcement, a muted member and a dissolved group. */
async function moderation(
  owner: ConsoleClient,
  groupId: number,
  members: readonly number[],
  botId: number,
): Promise<void> {
  const params = { group_id: groupId };
  const text = '周会改到每周二 10:00，会议室 3B。\nThe weekly is on Tuesdays at 10:00, room 3B.';
  await owner.done('announceInGroup', { params, body: { key: 'a', from_user_id: botId, text } });
  await owner.done('muteInGroup', { params, body: { user_id: members[2], muted: true } });
  const body = { name: '年会筹备 Party', member_ids: members.slice(0, 4) };
  const { group_id } = await owner.done('createGroup', { body });
  await owner.done('dissolveGroup', { params: { group_id } });
}

/** Rows that neither people nor their clients create. */
async function machines({ cluster }: ConsoleStand, userId: number): Promise<void> {
  await cluster.addApp('crm', { permissions: ['p2p', 'broadcast'], addresses: ['10.1.0.0/16'], rate: 50 });
  await cluster.addApp('hr sync', { permissions: ['users:read', 'users:write'], signs: true });
  const dataSource = await openDataSource(cluster.database.url);
  try {
    await addWebhook(dataSource, {
      name: 'archive',
      url: 'https://archive.example.com/in',
      events: ['group', 'file'],
    });
  } finally {
    await dataSource.destroy();
  }
  await cluster.sql(
    `INSERT INTO webhook_event (webhook_id, key, event, data, attempts, last_error, delivered_at, failed_at)
     SELECT w.id, n::text, 'group', '{"group_id": 7, "name": "研发一组"}', CASE WHEN n = 2 THEN 12 ELSE 1 END,
       CASE WHEN n = 2 THEN 'status 503' END, CASE WHEN n <> 2 THEN now() END, CASE WHEN n = 2 THEN now() END
     FROM webhook w, generate_series(1, 4) n`,
  );
  await cluster.sql(
    `INSERT INTO push_credential (provider, description, key_id, sealed)
     VALUES ('apns', 'key ABC123DEFG of team DEF123GHIJ for com.example.teamtalk', '3f2a9c1d', '')`,
  );
  await cluster.sql(
    `INSERT INTO push_device (user_id, client_type, provider, token, token_hash, client_version, locale, time_zone)
     VALUES ($1, 18, 'android', 'token', sha256('token'), '1.4.2', 'zh-CN', 'Asia/Shanghai')`,
    [userId],
  );
  await cluster.sql(
    `INSERT INTO login_failure (name, place, failed_at, last_at) VALUES ('zhangwei', '203.0.113.7', ARRAY[now(), now()], now())`,
  );
  await cluster.sql(
    `INSERT INTO import_progress (source, step, done, total, rows_behind, messages_until, state_until, verified_at, unexplained)
     VALUES ('im-db-01/teamtalk', 'messages read', 7340000, 9100000, 312, now(), now(), now(), 0)`,
  );
}
