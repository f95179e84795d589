import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';

// What one caller of the HTTP API may do to groups in a second, and that others notice nothing of it.

let cluster: TestCluster;
let ids: Record<'ann' | 'ben', number>;
beforeAll(async () => {
  const envOf = { http_msg_server: { GROUP_MEMBERS_RATE: '500', GROUP_MEMBERS_BURST: '2000' } };
  cluster = await TestCluster.start({ http_msg_server: 1, env: { HTTP_AUTH: 'keys' }, envOf });
  ids = await cluster.addUsers(['ann', 'ben']);
});
afterAll(() => cluster?.stop());

const everybody = Array.from({ length: 10_000 }, (_, i) => i + 1);

async function post(key: string, path: string, body: object): Promise<{ status: number; answer: object }> {
  const response = await fetch(`${cluster.url('http_msg_server')}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as object };
}

it('an app that makes large groups waits, then is refused with 429 or error 9; another one is not', async () => {
  const [one, two] = [await cluster.addApp('one'), await cluster.addApp('two')];
  const group = (member_ids: number[]) => ({ name: 'g', type: 'temporary', creator_id: ids.ann, member_ids });
  expect((await post(one, '/v1/groups', group(everybody.slice(0, 2_500)))).status).toBe(201);
  const begin = performance.now();
  expect((await post(one, '/v1/groups', group(everybody.slice(0, 9_000)))).status, 'waits').toBe(201);
  expect(performance.now() - begin).toBeGreaterThan(300);
  expect((await post(one, '/v1/groups', group([ids.ben]))).status).toBe(429);
  const legacy = { from_user_id: ids.ann, group_name: 'g', group_type: 2, user_id_list: [ids.ben] };
  const { answer } = await post(one, `/query/CreateGroup?app_key=${one}`, legacy);
  expect(answer).toMatchObject({ error_code: 9 });
  const created = await post(two, '/v1/groups', group([ids.ben]));
  expect(created.status).toBe(201);
  const { group_id } = created.answer as { group_id: number };
  const change = { change: 'remove', user_ids: [ids.ben] };
  expect((await post(one, `/v1/groups/${group_id}/members`, change)).status).toBe(429);
  expect((await post(two, `/v1/groups/${group_id}/members`, change)).status).toBe(200);
});
