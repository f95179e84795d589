import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** UPDATE_DOCS=1 writes the table anew. */
const page = path.resolve(import.meta.dirname, '../../../docs/reference/http-api.md');
const begin = '<!-- table: written by tests/e2e/src/http-api-table.test.ts -->';
const end = '<!-- end of table -->';

/** Longest time any call may take, milliseconds. */
const maxAnswerMs = 5_000;

type Body = Readonly<Record<string, unknown>>;

interface Row {
  path: string;
  good: Body;
  missing: Body;
  wrongType: Body;
  unknownUser: Body;
  /** undefined: the interface has no group */
  unknownGroup?: Body;
}

const nobody = 999_999;
const msg = 'hello';
const single = { from_user_id: 1, session_id: 2, msg };
const group = { from_user_id: 1, session_id: 5, msg };
const rows: Row[] = [
  {
    path: '/query/SendP2PMessage',
    good: single,
    missing: { from_user_id: 1, session_id: 2 },
    wrongType: { ...single, session_id: [2] },
    unknownUser: { ...single, session_id: nobody },
    unknownGroup: { ...single, session_id: nobody, msg_type: 17 },
  },
  {
    path: '/query/SendSingleMessage',
    good: single,
    missing: { from_user_id: 1, session_id: 2 },
    wrongType: { ...single, msg: 1 },
    unknownUser: { ...single, session_id: nobody },
  },
  {
    path: '/query/SendGroupMessage',
    good: group,
    missing: { session_id: 5, msg },
    wrongType: { ...group, from_user_id: true },
    unknownUser: { ...group, from_user_id: nobody },
    unknownGroup: { ...group, session_id: nobody },
  },
  {
    path: '/query/SendBroadCastMessage',
    good: { from_user_id: 1, session_ids: [2, 3], msg },
    missing: { from_user_id: 1, msg },
    wrongType: { from_user_id: 1, session_ids: 2, msg },
    unknownUser: { from_user_id: 1, session_ids: [nobody], msg },
    unknownGroup: { from_user_id: 1, session_ids: [nobody], msg, msg_type: 17 },
  },
  {
    path: '/query/CreateGroup',
    good: { req_user_id: 1, group_name: 'g', user_id_list: [2] },
    missing: { req_user_id: 1, user_id_list: [2] },
    wrongType: { req_user_id: 1, group_name: 'g', user_id_list: '2' },
    unknownUser: { req_user_id: nobody, group_name: 'g', user_id_list: [nobody] },
  },
  {
    path: '/query/ChangeMembers',
    good: { req_user_id: 1, group_id: 5, modify_type: 1, user_id_list: [3] },
    missing: { req_user_id: 1, group_id: 5, user_id_list: [3] },
    wrongType: { req_user_id: 1, group_id: 5, modify_type: 3, user_id_list: [3] },
    unknownUser: { req_user_id: 1, group_id: 5, modify_type: 1, user_id_list: [nobody] },
    unknownGroup: { req_user_id: 1, group_id: nobody, modify_type: 1, user_id_list: [3] },
  },
];

let cluster: TestCluster;
let nats: Awaited<ReturnType<typeof startProxy>>;
let server: number;
const keys = { all: '', none: '', elsewhere: '' };
const table = new Map<string, string[]>();

beforeAll(async () => {
  cluster = await TestCluster.start({ env: { HTTP_AUTH: 'keys' } });
  nats = await startProxy(new URL(cluster.nats.url));
  server = await cluster.add('http_msg_server', { NATS_URL: `nats://127.0.0.1:${nats.port}` });
  await cluster.addUsers(['u1', 'u2', 'u3']);
  await cluster.sql(`INSERT INTO chat_group (id, name, type, creator_id) VALUES (5, 'five', 1, 1)`);
  await cluster.sql('INSERT INTO group_member (group_id, user_id) VALUES (5, 1), (5, 2)');
  keys.all = await cluster.addApp('all');
  keys.none = await cluster.addApp('none', { permissions: ['presence'] });
  keys.elsewhere = await cluster.addApp('elsewhere', { addresses: ['10.0.0.0/8'] });
});
afterAll(async () => {
  await cluster?.stop();
  await nats?.close();
});

async function startProxy({ hostname, port }: URL) {
  const sockets = new Set<Socket>();
  let open = true;
  const proxy: Server = createServer((inner) => {
    if (!open) return inner.destroy();
    const outer = connect(Number(port || 4222), hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    return inner;
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    set open(value: boolean) {
      open = value;
      if (!open) for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

async function ask(where: string, body: Body | string, key = keys.all): Promise<string> {
  const began = performance.now();
  const response = await fetch(`${cluster.url('http_msg_server', server)}${where}?app_key=${key}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = await response.text();
  expect(performance.now() - began, `${where} within ${maxAnswerMs} ms`).toBeLessThan(maxAnswerMs);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const { error_code, error_msg } = JSON.parse(answer);
  expect(answer.startsWith(`{"error_code":${error_code},"error_msg":"${error_msg}"`)).toBe(true);
  return `${error_code} ${error_msg}`;
}

/** One line of the table: the reply of every endpoint in one case. */
async function check(name: string, answerOf: (row: Row) => Promise<string> | undefined): Promise<void> {
  table.set(name, await Promise.all(rows.map(async (row) => (await answerOf(row)) ?? '')));
}

it('answers invalid requests as the reference page says', async () => {
  await check('good', (row) => ask(row.path, row.good));
  await check('a field is missing', (row) => ask(row.path, row.missing));
  await check('a field has the wrong type', (row) => ask(row.path, row.wrongType));
  await check('unknown user', (row) => ask(row.path, row.unknownUser));
  await check('unknown group', (row) => row.unknownGroup && ask(row.path, row.unknownGroup));
  await check('the app may not use the interface', (row) => ask(row.path, row.good, keys.none));
  await check('wrong `app_key`', (row) => ask(row.path, row.good, 'wrong'));
  await check('wrong address', (row) => ask(row.path, row.good, keys.elsewhere));
  await check('body above 1 MiB', (row) => ask(row.path, { ...row.good, x: 'x'.repeat(1_048_576) }));
  await check('no JSON', (row) => ask(row.path, '{"from_user_id":1,'));
  nats.open = false;
  await expect
    .poll(() => cluster.metric('http_msg_server', server, 'bus_connected'), { timeout: 20_000 })
    .toBe(0);
  await check('NATS is gone', (row) => ask(row.path, row.good));
  nats.open = true;
  await expect
    .poll(() => cluster.metric('http_msg_server', server, 'bus_connected'), { timeout: 20_000 })
    .toBe(1);
  await cluster.stopNode('db_proxy_server');
  await check('db_proxy_server is gone', (row) => ask(row.path, row.good));

  const names = rows.map((row) => row.path.replace('/query/', ''));
  const lines = [
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...[...table].map(([name, answers]) => `| ${name} | ${answers.join(' | ')} |`),
  ];
  const text = await readFile(page, 'utf8');
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  const made = `\n${lines.join('\n')}\n`;
  if (process.env.UPDATE_DOCS) await writeFile(page, text.slice(0, from) + made + text.slice(to));
  else expect(text.slice(from, to)).toBe(made);
}, 120_000);
