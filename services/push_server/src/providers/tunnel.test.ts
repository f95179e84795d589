import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectProxy } from '../testing/connect-proxy.js';
import type { Stand } from '../testing/stand.js';
import { stands } from '../testing/stands.js';

describe.each(Object.entries(stands))('%s through a proxy', (_, start) => {
  let proxy: ConnectProxy;
  let stand: Stand;

  beforeEach(async () => {
    proxy = await ConnectProxy.start('user:pass word');
    const url = proxy.url;
    url.username = 'user';
    url.password = 'pass word';
    stand = await start(20_000, url);
  });
  afterEach(async () => {
    await stand.provider.stop();
    await stand.stopFake();
    await proxy.close();
  });

  let sent = 0;
  const send = ({ provider, token } = stand) =>
    provider.send({
      id: `00000000-0000-4000-8000-${String(++sent).padStart(12, '0')}`,
      token,
      app: '',
      collapseId: 's1',
      expiresAt: Date.now() + 86_400_000,
      alert: { title: 'Ann', body: 'hello' },
      badge: 3,
      data: { msg_type: 1, from_id: 7 },
    });

  test('uses only the proxy, over few connections', async () => {
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => send()));
    expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual([]);
    expect(stand.shown('s1')).toBe('hello');
    expect(stand.refusals()).toEqual([]);
    const known = proxy.targets.length;
    expect(known).toBeGreaterThan(0);
    expect(new Set(proxy.targets.map((target) => target.split(':')[0]))).toEqual(new Set(['localhost']));
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(proxy.targets).toHaveLength(known);
  });

  test.each([407, 502])('retries when the proxy answers %d', async (status) => {
    proxy.misbehaviours.push(status);
    expect(await send()).toMatchObject({
      kind: 'retry',
      reason: expect.stringMatching(`the proxy refuses localhost:\\d+: status ${status}`),
    });
    expect(await send()).toMatchObject({ kind: 'accepted' });
  });

  test('with a wrong password is refused, and never bypasses the proxy', async () => {
    const stranger = await start(20_000, proxy.url);
    expect(await send(stranger)).toMatchObject({ kind: 'retry' });
    await stranger.provider.stop();
    await stranger.stopFake();
  });

  test.each([
    ['silent proxy', 'silence'],
    ['tunnel through which nothing comes', 'dead-tunnel'],
  ] as const)('gives up a %s after the deadline, having sent nothing', async (_what, misbehaviour) => {
    const patient = stand;
    stand = await start(500, proxy.url);
    proxy.misbehaviours.push(misbehaviour);
    expect(await send()).toEqual({ kind: 'retry', reason: expect.any(String), unsure: false });
    await stand.provider.stop();
    await stand.stopFake();
    stand = patient;
  });

  test('retries when the proxy is down', async () => {
    await proxy.close();
    expect(await send()).toMatchObject({ kind: 'retry' });
    proxy = await ConnectProxy.start();
  });
});
