import { MsgType } from '@teamtalk/protocol';
import { teamtalk } from '@teamtalk/rpc';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

const { AppendStatus } = teamtalk.db;
const hook = {
  hookId: 1,
  name: 'builds',
  botId: 8,
  receiver: { userId: 2, groupId: 0 },
  anyReceiver: false,
  rate: 100,
};

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({ MAX_BODY_BYTES: '4096', MAX_MESSAGE_BYTES: '2048' });
  server.db.hooks.set('good', hook);
});
afterEach(() => server.stop());

async function post(
  body: string,
  {
    token = 'good',
    method = 'POST',
    headers = {},
  }: { token?: string; method?: string; headers?: object } = {},
) {
  const response = await fetch(`${server.url}/hooks/${token}`, {
    method,
    headers: { ...headers },
    ...(method === 'POST' && { body }),
  });
  const { headers: answered } = response;
  return { answer: `${response.status} ${await response.text()}`, headers: answered };
}

it('a post becomes a message of the bot to the receiver', async () => {
  const { answer, headers } = await post('{"text":"done"}');
  expect(answer).toBe('200 ok');
  expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
  expect(server.db.only).toMatchObject({ fromUserId: 8, toSessionId: 2, msgType: MsgType.SINGLE_TEXT });
  server.db.hooks.set('good', { ...hook, anyReceiver: true });
  expect((await post('{"text":"done","channel":"ops"}')).answer).toBe('200 ok');
  expect(server.db.entries[1]).toMatchObject({ fromUserId: 8, toSessionId: 5, msgType: MsgType.GROUP_TEXT });
});

it.each([
  ['is not JSON', '{"text"', {}, '400 invalid_payload'],
  ['is not an object', '[]', {}, '400 invalid_payload'],
  ['has no text', '{"text":" "}', {}, '400 no_text'],
  ['is empty', '', {}, '400 no_text'],
  ['has a channel that is not a string', '{"text":"x","channel":7}', {}, '400 invalid_payload'],
  ['names another channel', '{"text":"x","channel":"#ops"}', {}, '403 action_prohibited'],
  ['is longer than clients accept', JSON.stringify({ text: 'x'.repeat(3_000) }), {}, '413 msg_too_long'],
  ['exceeds the limit of bodies', JSON.stringify({ text: 'x'.repeat(5_000) }), {}, '413 msg_too_long'],
  [
    'has a key that is too long',
    '{"text":"x"}',
    { headers: { 'idempotency-key': 'k'.repeat(201) } },
    '400 invalid_payload',
  ],
  ['is a GET request', '', { method: 'GET' }, '405 method_not_allowed'],
  ['goes to a path below', '{"text":"x"}', { token: 'good/more' }, '404 no_service'],
  ['has a wrong token', '{"text":"x"}', { token: 'bad' }, '404 no_service'],
])('a post that %s is refused', async (_, body, more, answer) => {
  expect((await post(body, more)).answer).toBe(answer);
  expect(server.db.entries).toEqual([]);
});

it('a post is answered as retryable if the store is unavailable, but not if the store refuses it', async () => {
  server.db.decide = () => AppendStatus.APPEND_UNAVAILABLE;
  const { answer, headers } = await post('{"text":"x"}');
  expect(answer).toBe('503 unavailable');
  expect(headers.get('retry-after')).toBe('1');
  server.db.decide = () => AppendStatus.APPEND_NOT_A_MEMBER;
  expect((await post('{"text":"x"}')).answer).toBe('404 channel_not_found');
});

it('posts above a hook’s rate get a Retry-After', async () => {
  server.db.hooks.set('slow', { ...hook, hookId: 2, rate: 0.01 });
  expect((await post('{"text":"x"}', { token: 'slow' })).answer).toBe('200 ok');
  const { answer, headers } = await post('{"text":"x"}', { token: 'slow' });
  expect(answer).toBe('429 rate_limited');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(1);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(100);
  expect((await post('{"text":"x"}')).answer).toBe('200 ok');
  expect(server.db.entries).toHaveLength(2);
});

it('a client that tries wrong tokens is throttled without asking the store; known hooks still work', async () => {
  expect((await post('{"text":"x"}')).answer).toBe('200 ok');
  let refused: Awaited<ReturnType<typeof post>> | undefined;
  let asked = 0;
  for (let i = 0; i < 1_000 && refused?.answer !== '429 rate_limited'; i++) {
    asked = server.db.hookQuestions;
    refused = await post('{"text":"x"}', { token: `wrong-${i}` });
  }
  expect(refused?.answer).toBe('429 rate_limited');
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(server.db.hookQuestions).toBe(asked);
  expect((await post('{"text":"x"}')).answer).toBe('200 ok');
});

it('concurrent wrong tokens are throttled like successive ones', async () => {
  const begin = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) => post('{"text":"x"}', { token: `wrong-${i}` })),
  );
  const seconds = (performance.now() - begin) / 1_000;
  expect(server.db.hookQuestions).toBeLessThanOrEqual(20 + Math.ceil(seconds));
  const heldOff = answers.filter(({ answer }) => answer === '429 rate_limited');
  expect(heldOff.length).toBeGreaterThanOrEqual(380 - Math.ceil(seconds));
  // A valid token from the same network is not throttled for more than a second or two.
  for (const { headers } of heldOff) expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(2);
});

it('valid tokens do not count as wrong, however many are new at once', async () => {
  for (let i = 0; i < 15; i++) server.db.hooks.set(`good-${i}`, { ...hook, hookId: 10 + i });
  for (let round = 0; round < 3; round++) {
    const tokens = Array.from({ length: 5 }, (_, i) => `good-${5 * round + i}`);
    const answers = await Promise.all(tokens.map((token) => post('{"text":"x"}', { token })));
    for (const { answer } of answers) expect(answer).toBe('200 ok');
  }
  expect((await post('{"text":"x"}', { token: 'wrong' })).answer).toBe('404 no_service');
});

it('counts posts by hook and answer', async () => {
  await post('{"text":"x"}');
  await post('', { token: 'bad' });
  const metrics = await server.metrics();
  expect(metrics).toContain('hook_posts_total{hook="builds",outcome="ok"} 1\n');
  expect(metrics).toContain('hook_posts_total{hook="none",outcome="no_service"} 1\n');
});
