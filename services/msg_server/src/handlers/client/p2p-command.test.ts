import { waitUntil } from '@teamtalk/local-stack';
import { Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../testing/test-server.js';

describe('0x0601, a command to another user', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { MESSAGE_RATE: '20', MESSAGE_BURST: '4' } });
  });
  afterAll(() => server.stop());

  const sent = () => server.route.notifiesOf(Commands.SwitchP2pCmd);

  it('has the logged-in user as sender, and reaches the receiver and the sender’s other connections', async () => {
    const client = await server.logIn(1);
    await client.send(Commands.SwitchP2pCmd, { fromUserId: 77, toUserId: 2, cmdMsgData: '{"typing":1}' });
    await waitUntil(() => sent().length === 1, { what: 'the notify' });
    expect(sent()[0]).toMatchObject({
      userIds: [2, 1],
      exceptInstance: server.node,
      exceptConnection: server.connectionOf(1),
      seqNum: 0,
      message: { fromUserId: 1, toUserId: 2, cmdMsgData: '{"typing":1}' },
    });
    expect(sent()[0]?.clientClass).toBeUndefined();
    await client.roundTrip();
    expect(client.pending).toEqual([]);
  });

  it('without a receiver, or too long, is dropped and counted', async () => {
    const client = await server.logIn(2);
    const before = sent().length;
    await client.send(Commands.SwitchP2pCmd, { fromUserId: 2, toUserId: 0, cmdMsgData: 'x' });
    await client.send(Commands.SwitchP2pCmd, { fromUserId: 2, toUserId: 3, cmdMsgData: 'x'.repeat(65_537) });
    await server.metricReaches('requests_refused_total', { command: '0x0601' }, 2);
    await server.bus.flush();
    expect(sent()).toHaveLength(before);
  });

  it('is throttled when sent too fast, and none is lost', async () => {
    const client = await server.logIn(3);
    const before = sent().length;
    const start = performance.now();
    for (let i = 0; i < 10; i++) {
      await client.send(Commands.SwitchP2pCmd, { fromUserId: 3, toUserId: 4, cmdMsgData: `${i}` });
    }
    await waitUntil(() => sent().length === before + 10, { what: 'all of them' });
    expect(performance.now() - start).toBeGreaterThan(200);
    expect(
      sent()
        .slice(before)
        .map(({ message }) => message.cmdMsgData),
    ).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
  });
});
