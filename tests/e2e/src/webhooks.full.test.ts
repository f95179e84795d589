import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TestCluster } from '@teamtalk/cluster';
import {
  addWebhook,
  deadLetters,
  listWebhooks,
  openDataSource,
  retryDeadLetters,
} from '@teamtalk/db_proxy_server';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';

interface Post {
  headers: IncomingHttpHeaders;
  text: string;
  body: { id: string; event: string; created_at: string; data: Record<string, unknown> };
}

let cluster: TestCluster;
let dataSource: Awaited<ReturnType<typeof openDataSource>>;
let receiver: Server;
let url: string;
let secret: string;
let ids: Record<'ann' | 'robot', number>;
const posts: Post[] = [];
/** What the receiver answers. */
let status = 200;
let location: string | undefined;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      posts.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(status, location === undefined ? {} : { location }).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  cluster = await TestCluster.start({ mode: 'processes', db_proxy_server: 2, http_msg_server: 2 });
  ids = await cluster.addUsers(['ann', 'robot']);
  dataSource = await openDataSource(cluster.database.url);
  const events = ['message', 'presence', 'group', 'file'];
  secret = await addWebhook(dataSource, { name: 'hook', url, events, botId: ids.robot });
  // db_proxy_server refreshes its webhooks every second.
  await waitUntil(
    async () => {
      await say('are you there?');
      return posts.some(({ body }) => body.event === 'message');
    },
    { everyMs: 200, what: 'the first message' },
  );
});
afterAll(async () => {
  await dataSource?.destroy();
  await cluster?.stop();
  receiver?.close();
});

async function say(msg: string, server = 0): Promise<void> {
  const response = await fetch(`${cluster.url('http_msg_server', server)}/query/SendP2PMessage`, {
    method: 'POST',
    body: JSON.stringify({ from_user_id: ids.ann, session_id: ids.robot, msg, msg_type: 1 }),
  });
  expect(await response.json()).toMatchObject({ error_code: 0 });
}

const posted = (event: string, where: (data: Post['body']['data']) => boolean) =>
  waitUntil(() => posts.find(({ body }) => body.event === event && where(body.data)), {
    timeoutMs: 30_000,
    what: `the event ${event}`,
  });

it('a message to a bot is posted, signed', async () => {
  await say('你好');
  const post = (await posted('message', ({ msg }) => msg === '你好')) as Post;
  expect(post.body.data).toMatchObject({
    bot_user_id: ids.robot,
    from_user_id: ids.ann,
    type: 'text',
    msg_id: expect.any(Number),
  });
  const { 'x-teamtalk-time': time, 'x-teamtalk-signature': signature } = post.headers;
  expect(signature).toBe(createHmac('sha256', secret).update(`${time}\n${post.text}`).digest('hex'));
  const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': standard } = post.headers;
  expect(id).toBe(post.body.id);
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${seconds}.${post.text}`).digest('base64');
  expect(standard).toBe(`v1,${expected}`);
});

it('presence changes are posted', async () => {
  const ann = await cluster.connect('ann');
  await posted('presence', ({ user_id, online }) => user_id === ids.ann && online === true);
  await ann.close();
  await posted('presence', ({ user_id, online }) => user_id === ids.ann && online === false);
});

it('group changes are posted with the members', async () => {
  const response = await fetch(`${cluster.url('http_msg_server')}/query/CreateGroup`, {
    method: 'POST',
    body: JSON.stringify({ req_user_id: ids.ann, group_name: 'g', user_id_list: [ids.robot] }),
  });
  const { group_id } = (await response.json()) as { group_id: number };
  const post = (await posted('group', (data) => data.group_id === group_id)) as Post;
  expect(post.body.data).toEqual({
    group_id,
    version: 1,
    name: 'g',
    dissolved: false,
    member_ids: [ids.ann, ids.robot],
  });
});

it('a file offer is posted', async () => {
  await cluster.sql(
    `INSERT INTO file_task (id, from_id, to_id, name, size, offline, expires_at)
     VALUES ('task', $1, $2, 'plan.pdf', 7, true, now() + interval '1 hour')`,
    [ids.ann, ids.robot],
  );
  const post = (await posted('file', ({ task_id }) => task_id === 'task')) as Post;
  expect(post.body.data).toMatchObject({
    from_user_id: ids.ann,
    to_user_id: ids.robot,
    name: 'plan.pdf',
    size: 7,
  });
});

it.each([301, 307])(
  'a redirect (%i) is not followed, so that a receiver sends nothing to others',
  async (redirect) => {
    let followed = 0;
    const inside = createServer((_request, response) => {
      followed++;
      response.end();
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    location = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/latest/meta-data`;
    status = redirect;
    await say(`redirected ${redirect}`);
    await posted('message', ({ msg }) => msg === `redirected ${redirect}`);
    await waitUntil(
      async () =>
        (await cluster.sql('SELECT 1 FROM webhook_event WHERE last_error = $1', [`status ${redirect}`]))
          .length > 0,
      { timeoutMs: 30_000, what: 'the attempt counts as refused' },
    );
    status = 200;
    location = undefined;
    expect(followed).toBe(0);
    inside.close();
  },
);

it('a refused event is retried, also by another http_msg_server, and finally becomes a dead letter', async () => {
  status = 500;
  await say('again');
  await posted('message', ({ msg }) => msg === 'again');
  await cluster.kill('http_msg_server', 0);
  status = 200;
  const before = posts.length;
  await waitUntil(() => posts.slice(before).some(({ body }) => body.data.msg === 'again'), {
    timeoutMs: 30_000,
    what: 'the second attempt',
  });
  const [first, second] = posts.filter(({ body }) => body.data.msg === 'again');
  expect(second?.body.id).toBe(first?.body.id);

  status = 500;
  await say('never', 1);
  await posted('message', ({ msg }) => msg === 'never');
  // As if it had been tried for hours.
  await waitUntil(
    async () => {
      await cluster.sql(
        'UPDATE webhook_event SET attempts = 11, next_at = now() WHERE delivered_at IS NULL AND failed_at IS NULL AND attempts <= 11',
      );
      return (await deadLetters(dataSource, 'hook')).length === 1;
    },
    { timeoutMs: 30_000, everyMs: 200, what: 'the dead letter' },
  );
  expect(await deadLetters(dataSource, 'hook')).toMatchObject([
    { event: 'message', lastError: 'status 500' },
  ]);
  expect(await listWebhooks(dataSource)).toMatchObject([{ name: 'hook', waiting: 0, failed: 1 }]);
  status = 200;
  expect(await retryDeadLetters(dataSource, 'hook')).toBe(1);
  await waitUntil(
    async () => (await cluster.sql('SELECT 1 FROM webhook_event WHERE delivered_at IS NULL')).length === 0,
    {
      timeoutMs: 30_000,
      what: 'nothing left to post',
    },
  );
}, 120_000);
