import { RawConnection } from '@teamtalk/local-stack';
import { Commands as C, encodePdu, encodeRawPdu, HEADER_LENGTH, writeHeader } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { nameOf } from '../command-name.js';
import { check, expectMatch } from '../match.js';

/** Frames, whatever is in them, and heartbeats (client-behaviour.md#frames). */
export const connectionCases: readonly Case[] = [
  script({
    name: 'connection/a heartbeat is echoed, before the login too',
    commands: [C.OtherHeartbeat],
    is: ['success', 'client habit'],
    proves: ['client-heartbeat'],
    given: {},
    run: async (_, world) => {
      const peer = await world.open();
      await peer.ask(C.OtherHeartbeat, C.OtherHeartbeat, {});
      await peer.logIn(world.users.a);
      await peer.ask(C.OtherHeartbeat, C.OtherHeartbeat, {});
    },
  }),
  script({
    name: 'connection/a heartbeat comes back with the header it had, whatever is in it',
    commands: [C.OtherHeartbeat],
    is: 'client habit',
    proves: ['client-heartbeat'],
    given: {},
    run: async (_, { target }) => {
      const { port, ...address } = target.servers[0]!;
      const raw = await RawConnection.open(port, { ...address, deadlineMs: target.deadlineMs });
      try {
        for (const header of [
          { version: 1, flag: 0, serviceId: 0x0701, reserved: 0 },
          { version: 0, flag: 1, serviceId: 7, reserved: 0 },
          { version: 0xffff, flag: 0xffff, serviceId: 0xffff, reserved: 0xffff },
        ]) {
          const sent = { length: HEADER_LENGTH, commandId: C.OtherHeartbeat.id, seqNum: 9, ...header };
          const frame = Buffer.alloc(HEADER_LENGTH);
          writeHeader(frame, sent);
          await raw.send(frame);
          const back = await raw.take(() => true, target.deadlineMs);
          check(back !== undefined, 'no heartbeat came back');
          expectMatch(back, { ...sent, body: Buffer.alloc(0) }, 'the heartbeat');
        }
      } finally {
        raw.close();
      }
    },
  }),
  script({
    name: 'connection/version, flag and reserved may be anything',
    commands: [C.MsgTimeRequest],
    is: 'client habit',
    given: { a: 'a' },
    run: async ({ a }) => {
      for (const value of [0, 2, 0xffff]) {
        const seqNum = a.nextSeqNum();
        const frame = encodePdu(C.MsgTimeRequest, {}, seqNum);
        for (const offset of [4, 6, 14]) frame.writeUInt16BE(value, offset);
        a.rules.sent(C.MsgTimeRequest.id, seqNum);
        await a.raw.send(frame);
        await a.answer(C.MsgTimeResponse, seqNum);
      }
    },
  }),
  script({
    name: 'connection/a login in single bytes, and many requests in one piece',
    commands: [C.LoginReqUserlogin, C.MsgTimeRequest],
    is: 'client habit',
    given: { a: 'a' },
    run: async ({ a }, world) => {
      const slow = await world.open();
      const { name, passwordMd5 } = world.users.b;
      const login = { userName: name, password: passwordMd5, onlineStatus: 1, clientType: 1 } as const;
      slow.rules.sent(C.LoginReqUserlogin.id, 1);
      for (const byte of encodePdu(C.LoginReqUserlogin, login, 1)) await slow.raw.send(Buffer.of(byte));
      await slow.answer(C.LoginResUserlogin, 1, { resultCode: 0 });
      const seqNums = Array.from({ length: 50 }, () => a.nextSeqNum());
      for (const seqNum of seqNums) a.rules.sent(C.MsgTimeRequest.id, seqNum);
      await a.raw.send(Buffer.concat(seqNums.map((seqNum) => encodePdu(C.MsgTimeRequest, {}, seqNum))));
      for (const seqNum of seqNums) await a.answer(C.MsgTimeResponse, seqNum);
    },
  }),
  ...[0, 1, HEADER_LENGTH - 1, 2 ** 31, 2 ** 32 - 1].map((length) =>
    script({
      name: `connection/a frame of length ${length} ends the connection, and no other`,
      commands: [C.OtherHeartbeat],
      is: ['refusal', 'fix'],
      proves: ['fix-frame-length'],
      given: { a: 'a', b: 'b' },
      run: async ({ a, b }) => {
        const header = encodeRawPdu(C.OtherHeartbeat.id, Buffer.alloc(0), 1);
        header.writeUInt32BE(length, 0);
        await a.raw.send(header);
        await a.expectEnd();
        await b.probe();
      },
    }),
  ),
  script({
    name: 'connection/an unknown command and a body that does not parse are ignored',
    commands: [C.MsgData],
    is: 'refusal',
    given: { a: 'a' },
    run: async ({ a }) => {
      a.sendRaw(0x0bad, Buffer.from('x'));
      a.sendRaw(C.MsgData.id, Buffer.alloc(40, 0xff));
      a.sendRaw(C.MsgData.id, Buffer.alloc(0));
      await a.probe();
      a.expectNothingMore();
    },
  }),
  script({
    name: 'connection/a client that dies in the middle of a PDU disturbs nobody',
    commands: [C.MsgData],
    is: 'fix',
    proves: ['defect-client-dies'],
    given: { a: 'a', b: 'b@1', phone: 'a android' },
    run: async ({ a, b, phone }, world) => {
      const bytes = encodePdu(C.MsgData, world.text(b.id), 1);
      await a.raw.send(bytes.subarray(0, bytes.length - 3));
      a.raw.close();
      b.raw.close();
      await world.say(phone, world.ids.b);
      const again = await world.connect('b');
      await world.say(phone, world.ids.b);
      await again.get(C.MsgData, { fromUserId: world.ids.a });
    },
  }),
  script({
    name: 'connection/a client that does not read holds up nobody',
    commands: [C.SwitchP2pCmd],
    is: 'client habit',
    given: { a: 'a', b: 'b', c: 'c' },
    run: async ({ a, b, c }, world) => {
      b.raw.socket.pause();
      const big = 'x'.repeat(30_000);
      for (let i = 0; i < 10; i++) {
        a.send(C.SwitchP2pCmd, { fromUserId: 0, toUserId: b.id, cmdMsgData: big });
      }
      await world.fence(a, c);
      b.raw.socket.resume();
      for (let i = 0; i < 10; i++) await b.get(C.SwitchP2pCmd, { cmdMsgData: big });
      check(b.isOpen, `${nameOf(C.SwitchP2pCmd.id)}: the slow client was cut off`);
    },
  }),
];
