import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsoleClient } from './console-api/console-client.js';
import { ConsoleStand } from './console-api/console-stand.js';

let stand: ConsoleStand;
let owner: ConsoleClient;
let url: string;

beforeAll(async () => {
  stand = await ConsoleStand.start();
  owner = await stand.member('owner');
  await stand.cluster.add('http_msg_server', { HTTP_AUTH: 'keys' });
  url = `${stand.cluster.url('http_msg_server')}/api/discovery`;
  await stand.cluster.add('login_server', { DISCOVERY_URL: url });
});
afterAll(() => stand?.cluster.stop());

/** What a Mac or Android client does when its discovery tab is opened. */
async function opened(): Promise<unknown> {
  const { discovery } = (await (await fetch(`${stand.cluster.url('login_server')}/msg_server`)).json()) as {
    discovery: string;
  };
  return (await fetch(discovery)).json();
}

it('clients see what is changed in the console within seconds, and the last list without db_proxy_server', async () => {
  expect(await opened()).toEqual([]);
  const wiki = { itemName: '<b>wiki</b>', itemUrl: 'http://wiki.example.com/?a=1&b=2', itemPriority: '3' };
  const { item_id } = await owner.done('createDiscovery', {
    body: { name: wiki.itemName, url: wiki.itemUrl, priority: 3 },
  });
  await waitUntil(async () => JSON.stringify(await opened()) === JSON.stringify([wiki]), {
    what: 'the new item',
    timeoutMs: 3_000,
  });
  await owner.done('createDiscovery', { body: { name: 'mail', url: 'https://mail/', priority: 9 } });
  const names = async () =>
    ((await opened()) as { itemName: string }[]).map(({ itemName }) => itemName).join();
  await waitUntil(async () => (await names()) === 'mail,<b>wiki</b>', {
    what: 'the larger number before it',
    timeoutMs: 3_000,
  });
  await owner.done('deleteDiscovery', { params: { item_id } });
  await waitUntil(async () => (await names()) === 'mail', { what: 'one item less', timeoutMs: 3_000 });

  await stand.cluster.stopNode('db_proxy_server');
  const hasFailed = async () =>
    /discovery_failures_total [1-9]/.test(
      await (
        await fetch(`http://127.0.0.1:${stand.cluster.port('http_msg_server', 0, 'ops')}/metrics`)
      ).text(),
    );
  await waitUntil(async () => (await names()) === 'mail' && (await hasFailed()), {
    what: 'a failed question',
  });
  expect(await names()).toBe('mail');
  await stand.cluster.restart('db_proxy_server', 0);
});

it.each([
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  ' JavaScript:alert(1)',
  'ftp://x/',
])('the address %s is refused, by the console and by the HTTP API', async (address) => {
  const body = { name: 'x', url: address };
  expect((await owner.call('createDiscovery', { body })).status).toBe(400);
  const key = await stand.cluster.addApp(`app ${address}`, { permissions: ['discovery:write'] });
  const response = await fetch(`${stand.cluster.url('http_msg_server')}/v1/discovery`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(400);
  expect(await stand.cluster.sql('SELECT 1 FROM discovery_item WHERE url = $1', [address])).toEqual([]);
});
