import { waitUntil } from '@teamtalk/local-stack';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({ HTTP_AUTH: 'keys' });
  server.db.discovery = [
    { itemId: 7, name: '内网', url: 'https://intranet.example.com/', priority: 9 },
    { itemId: 3, name: 'Menu', url: 'http://menu.example.com/today', priority: 0 },
  ];
});
afterEach(() => server.stop());

const asBrowser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const get = (init: RequestInit = {}) => fetch(`${server.url}/api/discovery`, init);
const page = async (headers: Record<string, string> = {}) =>
  (await get({ headers: { ...asBrowser, ...headers } })).text();
const list = async () => (await get()).json();

it('answers without a key as the original did: an array of items, every value a text', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await response.json()).toEqual([
    { itemName: '内网', itemUrl: 'https://intranet.example.com/', itemPriority: '9' },
    { itemName: 'Menu', itemUrl: 'http://menu.example.com/today', itemPriority: '0' },
  ]);
});

it('answers an empty array when there are no items', async () => {
  server.db.discovery = [];
  expect(await list()).toEqual([]);
  expect(await page()).toContain('这里还没有内容');
});

it('a browser gets a page with links, in its language', async () => {
  const response = await get({ headers: { ...asBrowser, 'accept-language': 'en-GB,en;q=0.9' } });
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('vary')).toBe('Accept, Accept-Language');
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-\S+='; base-uri 'none'; form-action 'none'$/,
  );
  const html = await response.text();
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('<a href="https://intranet.example.com/" rel="noreferrer">内网</a>');
  expect(html).not.toContain('<script');
  expect(await page({ 'accept-language': 'zh-CN,zh;q=0.9' })).toContain('<html lang="zh-CN">');
});

it('names are text, and only web addresses are links', async () => {
  const name = `<img src=x onerror="hit()">&'`;
  server.db.discovery = [
    { itemId: 1, name, url: 'https://x.example.com/?a="b"&c=<d>', priority: 0 },
    { itemId: 2, name: 'script', url: ' java\tscript:alert(1)', priority: 0 },
    { itemId: 3, name: 'data', url: 'data:text/html,x', priority: 0 },
    { itemId: 4, name: 'bare', url: 'www.example.com', priority: 0 },
  ];
  const html = await page();
  expect(html).toContain('&lt;img src=x onerror=&quot;hit()&quot;&gt;&amp;&#39;</a>');
  expect(html).toContain('href="https://x.example.com/?a=&quot;b&quot;&amp;c=&lt;d&gt;"');
  expect(html.match(/<a /g)).toHaveLength(1);
  expect(((await list()) as { itemName: string }[]).map(({ itemName }) => itemName)).toEqual([name, 'bare']);
});

it('asks the store at most once a second, however many ask', async () => {
  const begin = performance.now();
  for (let round = 0; round < 5; round++) {
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await get()).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
  }
  expect(server.db.discoveryQuestions).toBeLessThanOrEqual(
    1 + Math.floor((performance.now() - begin) / 1_000),
  );
});

it('a change is seen within seconds', async () => {
  expect(await list()).toHaveLength(2);
  server.db.discovery = [];
  await waitUntil(async () => ((await list()) as unknown[]).length === 0, { what: 'the new list' });
});

it('without the store the last list is served; without one the error is one that can be tried again', async () => {
  server.db.failDiscovery = true;
  const refused = await get();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ error_code: 9 });
  expect(await page()).toContain('暂时无法显示');

  server.db.failDiscovery = false;
  await waitUntil(async () => (await get()).status === 200, { what: 'the list' });
  server.db.failDiscovery = true;
  const asked = server.db.discoveryQuestions;
  await waitUntil(
    async () => {
      expect(await list()).toHaveLength(2);
      return server.db.discoveryQuestions > asked;
    },
    { what: 'a failed question' },
  );
  expect(await list()).toHaveLength(2);
  const metrics = await server.metrics();
  expect(metrics).toMatch(/discovery_requests_total\{status="503"\} [1-9]/);
  expect(metrics).toMatch(/discovery_failures_total [1-9]/);
});

it('one network that asks too often is refused, and told when to come back', async () => {
  let refused: Response | undefined;
  for (let i = 0; i < 2_000 && refused === undefined; i++) {
    const response = await get();
    await response.arrayBuffer();
    if (response.status !== 200) refused = response;
  }
  expect(refused?.status).toBe(429);
  expect(refused?.headers.get('retry-after')).toBe('1');
});

it.each(['POST', 'PUT', 'DELETE'])('%s is refused', async (method) => {
  const response = await get({ method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
  expect(server.db.discoveryQuestions).toBe(0);
});

it('HEAD has the headers of GET and no body', async () => {
  const response = await get({ method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10);
});
