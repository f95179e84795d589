import { waitUntil } from '@teamtalk/local-stack';
import { MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredMessage } from '../../testing/fake-db-proxy.js';
import { TestServer } from '../../testing/test-server.js';

describe('a user who leaves a group and rejoins', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const store = (group: number, count: number): StoredMessage[] =>
    Array.from({ length: count }, (_, i) => server.store(900, group, `${i}`, MsgType.GROUP_TEXT));
  const deliver = (version: number, ...messages: StoredMessage[]) =>
    server.route.deliverUnder(version, server.node, ...messages);
  const remove = (groupId: number, version: number, ...removedIds: number[]) =>
    server.route.changeGroup(server.node, { groupId, version, removedIds });

  it('gets no message to the earlier members once the removal is known', async () => {
    const [leaving, staying] = [await server.logIn(1), await server.logIn(2)];
    server.db.groups.set(60, [1, 2]);
    const [first, second] = store(60, 2);
    await deliver(3, first!);
    await remove(60, 4, 1);
    await deliver(3, second!);
    for (const client of [leaving, staying]) await client.roundTrip();
    expect(leaving.messageIds).toEqual([1]);
    expect(staying.messageIds).toEqual([1, 2]);
  });

  it('gets the messages since rejoining, and none of the time between', async () => {
    const client = await server.logIn(3);
    server.db.groups.set(61, [3]);
    const messages = store(61, 6);
    const asked = server.db.rangesAsked.length;
    await deliver(3, messages[0]!);
    await remove(61, 4, 3);
    await deliver(5, messages[4]!, messages[5]!);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 5, 6]);
    expect(server.db.rangesAsked.length).toBe(asked);
  });

  it('is not affected by a removal that arrives late', async () => {
    const client = await server.logIn(4);
    server.db.groups.set(62, [4]);
    const messages = store(62, 2);
    await deliver(5, messages[0]!);
    await remove(62, 4, 4);
    await deliver(5, messages[1]!);
    await client.roundTrip();
    expect(client.messageIds).toEqual([1, 2]);
  });

  it('is checked for visibility when the removal is unknown and messages seem to be missing', async () => {
    const client = await server.logIn(5);
    server.db.groups.set(63, [5]);
    const messages = store(63, 300);
    await deliver(3, messages[0]!);
    server.db.visibleFrom.set(5, 288);
    await deliver(7, messages[299]!);
    await waitUntil(() => client.messageIds.length === 14, { what: 'the messages since rejoining' });
    expect(client.messageIds).toEqual([1, ...Array.from({ length: 13 }, (_, i) => 288 + i)]);
    expect(server.db.rangesAsked.at(-1)).toEqual({ first: 288, last: 300 });
  });

  it('gets all missing messages if they never left while members changed', async () => {
    const client = await server.logIn(6);
    server.db.groups.set(64, [6]);
    const messages = store(64, 20);
    await deliver(3, messages[0]!);
    await deliver(7, messages[19]!);
    await waitUntil(() => client.messageIds.length === 20, { what: 'all messages' });
    expect(client.messageIds).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('does not get missing messages of others that were not for them', async () => {
    const [gone, there] = [await server.logIn(7), await server.logIn(8)];
    server.db.groups.set(65, [7, 8]);
    const [first, , third] = store(65, 3);
    await deliver(3, first!);
    // The second one is missing for both; the others were written when user 7 was no member any more.
    await deliver(3, third!);
    server.db.groups.set(65, [8]);
    const later = store(65, 3);
    await deliver(4, later[2]!);
    await waitUntil(() => there.messageIds.length === 6, { what: 'everything for who stayed' });
    await gone.roundTrip();
    expect(gone.messageIds).toEqual([1, 2, 3]);
  });
});
