import { Commands as C } from '@teamtalk/protocol';
import { answerOf } from '../answers.js';
import { type Case, script } from '../case.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import { type ClientName, clientNames, profiles } from '../profiles.js';
import { clientSamples } from '../samples.js';
import type { World } from '../world.js';

/** Sends a client's requests after login, all before the first reply. */
async function startUp(peer: Peer, peerId: number): Promise<void> {
  const asked = peer.profile.startUp.map((command) => {
    const sample = clientSamples.find((each) => each.command === command)!;
    const body = sample.body({ claimed: peer.id, peer: peerId, msgId: 0 });
    return { answer: answerOf.get(command.id)!, seqNum: peer.sendRaw(command.id, body) };
  });
  for (const { answer, seqNum } of asked) await peer.answer(answer, seqNum);
}

/** The usual exchange: the other side writes; the client acknowledges, reads and replies. */
async function chat(client: Peer, other: Peer, world: World): Promise<void> {
  const msgId = await world.say(other, client.id);
  const { fromUserId } = await client.get(C.MsgData, { msgId });
  client.send(C.MsgDataAck, client.profile.receipt(client.id, fromUserId, { msgId, sessionType: 1 }));
  // Only Android's receipt has the unusual form.
  client.send(C.MsgReadAck, { userId: client.id, sessionId: fromUserId, msgId, sessionType: 1 });
  await client.probe();
  check((await world.unread(client, other.id)) === 0, 'what was read is unread');
  const reply = await world.say(client, other.id);
  await other.get(C.MsgData, { msgId: reply, fromUserId: client.id });
}

function casesOf(as: ClientName): readonly Case[] {
  const { seqNums, heartbeatSeconds, resends } = profiles[as];
  const startUpCommands = [C.LoginReqUserlogin, ...profiles[as].startUp];
  const cases = [
    script({
      name: `client ${as}/logs in and asks for everything at once`,
      commands: startUpCommands,
      is: 'client habit',
      onOriginal: profiles[as].startUp.includes(C.LoginReqDevicetoken) ? ['fix-device-token-answer'] : [],
      proves: ['client-required', 'client-own-id', 'client-one-0209', 'client-login', 'client-empty-body'],
      given: { other: 'b@1' },
      run: async ({ other }, world) => {
        const client = await world.connect(`a ${as}`);
        await startUp(client, other.id);
        client.expectNothingMore();
      },
    }),
    script({
      name: `client ${as}/takes a message, says so its own way, reads it and writes back`,
      commands: [C.MsgData, C.MsgDataAck, C.MsgReadAck],
      is: 'client habit',
      proves: ['client-receipts', 'client-push-seq', 'client-small-ids'],
      given: { client: `a ${as}`, other: 'b@1' },
      run: ({ client, other }, world) => chat(client, other, world),
    }),
    script({
      name: `client ${as}/sends a heartbeat (every ${heartbeatSeconds} s) between requests`,
      commands: [C.OtherHeartbeat],
      is: 'client habit',
      proves: ['client-heartbeat'],
      given: { client: `a ${as}` },
      run: async ({ client }) => {
        for (let i = 0; i < 5; i++) {
          const seqNum = client.send(C.OtherHeartbeat, {});
          await client.probe();
          await client.answer(C.OtherHeartbeat, seqNum);
        }
        // Some clients do not number their heartbeats.
        const seqNum = client.send(C.OtherHeartbeat, {}, 0);
        await client.answer(C.OtherHeartbeat, seqNum);
      },
    }),
    script({
      name: `client ${as}/begins its seq_num anew after ${seqNums.last}`,
      commands: [C.MsgTimeRequest, C.MsgData],
      is: 'client habit',
      proves: ['client-seq-wrap', 'client-push-seq'],
      given: { client: `a ${as}`, other: 'b@1' },
      run: async ({ client, other }, world) => {
        client.countFrom(seqNums.last - 2);
        const used: number[] = [];
        for (let i = 0; i < 5; i++) {
          const seqNum = client.send(C.MsgData, world.text(other.id));
          used.push(seqNum);
          await client.answer(C.MsgDataAck, seqNum);
          await world.say(other, client.id);
        }
        check(used.includes(seqNums.last) && used.includes(seqNums.first), 'it did not begin anew');
        // Reuses the numbers for other messages, which are not retries.
        client.countFrom(used[0]!);
        const first = await world.say(client, other.id);
        await other.get(C.MsgData, { msgId: first });
      },
    }),
    script({
      name: `client ${as}/comes back after its connection broke and misses nothing`,
      commands: [C.LoginReqUserlogin, C.MsgListRequest, C.MsgUnreadCntRequest],
      is: 'client habit',
      given: { client: `a ${as}`, other: 'b@1' },
      run: async ({ client, other }, world) => {
        const before = await world.say(other, client.id);
        await client.get(C.MsgData, { msgId: before });
        client.raw.close();
        const missed = await world.say(other, client.id);
        const again = await world.connect(`a ${as}@1`);
        const { msgList } = await again.ask(C.MsgListRequest, C.MsgListResponse, {
          userId: again.id,
          sessionType: 1,
          sessionId: other.id,
          msgIdBegin: 0,
          msgCnt: 2,
        });
        check(msgList.map(({ msgId }) => msgId).join() === `${missed},${before}`, 'not in history');
        check((await world.unread(again, other.id)) >= 2, 'not unread');
        const next = await world.say(other, again.id);
        await again.get(C.MsgData, { msgId: next });
      },
    }),
  ];
  if (resends) {
    cases.push(
      script({
        name: `client ${as}/sends a message again with its seq_num: stored once, acknowledged each time`,
        commands: [C.MsgData, C.MsgDataAck],
        is: 'client habit',
        onOriginal: ['original-second-message'],
        proves: ['client-resend'],
        given: { client: `a ${as}`, other: 'b@1' },
        run: async ({ client, other }, world) => {
          const message = world.text(other.id);
          const seqNum = client.send(C.MsgData, message);
          const { msgId } = await client.answer(C.MsgDataAck, seqNum);
          client.send(C.MsgData, message, seqNum);
          await client.answer(C.MsgDataAck, seqNum, { msgId });
          // Another text under a used number is another message.
          const different = client.send(C.MsgData, world.text(other.id), seqNum);
          await client.answer(C.MsgDataAck, different, { msgId: msgId + 1 });
          await other.get(C.MsgData, { msgId });
          await other.get(C.MsgData, { msgId: msgId + 1 });
          await world.fence(client, other);
          // What others wrote before may still be on its way to a client that has just logged in.
          other.expectNone(C.MsgData, { fromUserId: client.id, msgId: (id) => id >= msgId });
        },
      }),
    );
  }
  return cases;
}

/** What each of the old clients does from its login on (client-behaviour.md#what-the-old-clients-do-and-need). */
export const clientCases: readonly Case[] = clientNames.flatMap(casesOf);
